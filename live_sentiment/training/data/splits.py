"""Who is learnt from and who is asked: splits by speaker, and the check that nobody is in two of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.training.data.samples import SPLITS, Corpus, Sample, Split

SHARES: Mapping[Split, float] = {"train": 0.7, "validation": 0.15, "test": 0.15}
"""Parts of the samples that go to each split where the release has none."""


def divide(corpus: Corpus, seed: int, shares: Mapping[Split, float] = SHARES) -> Corpus:
    """Give every sample without a split one, so that no speaker is in two; the official splits stay.

    Speakers come in a seeded order, each to the split that lacks most of its share. A sample without a
    speaker is its own.

    Raises:
        UsageError: fewer speakers than splits, or a speaker in two splits.
    """
    free = [sample for sample in corpus.samples if sample.split is None]
    if free:
        sizes = Counter(_whose(sample) for sample in free)
        wanted = [split for split in SPLITS if shares.get(split, 0) > 0]
        if len(sizes) < len(wanted):
            raise UsageError(
                f"{corpus.name}: {len(sizes)} speakers cannot be divided into {', '.join(wanted)}; "
                "name splits in the corpus, or take more speakers"
            )
        given = _assigned(sizes, {split: shares[split] for split in wanted}, seed)
        corpus = replace(
            corpus,
            samples=[
                replace(sample, split=given[_whose(sample)]) if sample.split is None else sample
                for sample in corpus.samples
            ],
        )
    check_no_leak(corpus)
    return corpus


def carve_validation(corpus: Corpus, share: float, seed: int) -> Corpus:
    """Take so much of the training split for validation, by speaker; a corpus that has one stays as it is.

    Raises:
        UsageError: a single speaker in training.
    """
    if any(sample.split == "validation" for sample in corpus.samples):
        return corpus
    loose = [replace(one, split=None) if one.split == "train" else one for one in corpus.samples]
    return divide(replace(corpus, samples=loose), seed, {"train": 1 - share, "validation": share})


def check_no_leak(corpus: Corpus) -> None:
    """Make sure that every speaker, subject or video is in one split only.

    Raises:
        UsageError: one is in two; it names the corpus and the speaker.
    """
    seen: dict[str, Split] = {}
    for sample in corpus.samples:
        if sample.speaker is None or sample.split is None:
            continue
        before = seen.setdefault(sample.speaker, sample.split)
        if before != sample.split:
            raise UsageError(
                f"{corpus.name}: speaker {sample.speaker} is in {before} and in {sample.split} "
                f"(there with {sample.key}); figures would be of people who were learnt by heart"
            )


def _whose(sample: Sample) -> str:
    return f"speaker {sample.speaker}" if sample.speaker is not None else f"sample {sample.key}"


def _assigned(sizes: Mapping[str, int], shares: Mapping[Split, float], seed: int) -> dict[str, Split]:
    """A split for each name: the first ones fill the splits in turn, so that none stays empty."""
    names: Sequence[str] = sorted(sizes)
    order = np.random.default_rng(seed).permutation(len(names))
    total, whole = sum(sizes.values()), sum(shares.values())
    lacking = {split: share / whole * total for split, share in shares.items()}
    empty = list(shares)
    given: dict[str, Split] = {}
    for index in order:
        split = empty.pop(0) if empty else max(lacking, key=lambda one: lacking[one])
        given[names[index]] = split
        lacking[split] -= sizes[names[index]]
    return given
