"""From names of corpora to the samples that an experiment learns from, chooses by and is measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Modality
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.samples import SPLITS, Corpus, Sample, Split
from live_sentiment.training.data.splits import carve_validation, divide
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.joint import (
    CLASSES,
    AsTheyAre,
    Joint,
    Label,
    Source,
    SyntheticPairs,
    holds_all,
    leading,
)

SYNTHETIC = (
    "SYNTHETIC PAIRS: words, voices and faces of different people that carry the same label; "
    "no figure here is a cross-modal result"
)
VALIDATION_SHARE = 0.15
"""Part of the training speakers who are kept to choose by, in a corpus that has no validation split."""
HELD_OUT_EPOCH = 0
"""Validation and test pairs are always those of one epoch."""


@dataclass(frozen=True, slots=True)
class ExperimentData:
    """All that an experiment learns from and is measured on."""

    corpora: Sequence[Corpus]
    """Divided, checked, and cut to the configuration's limit."""
    train: Source
    validation: Sequence[Joint]
    test: Sequence[Joint]
    synthetic: bool
    """Whether samples were put together from different people; every output has to say so."""
    left_out: tuple[str, ...] = ()
    """Classes that are not learnt because some modality has no samples of them."""

    def held_out(self, split: Split) -> Sequence[Joint]:
        """The samples of validation or test."""
        return self.validation if split == "validation" else self.test

    def dims(self) -> Mapping[Modality, int]:
        """Sizes of the embeddings of the corpora that come as features."""
        found: dict[Modality, int] = {}
        for corpus in self.corpora:
            for sample in corpus.samples:
                found.update({name: one.shape[-1] for name, one in sample.features.items()})
        return found

    def counts(self, label: Label) -> list[int]:
        """Training samples of each class, of an epoch: what class balance and priors go by."""
        found = Counter(leading([joint.sample for joint in self.train.epoch(HELD_OUT_EPOCH)], label))
        return [found[number] for number in range(len(CLASSES[label]))]

    def describe(self) -> dict[str, Any]:
        """What the metrics and the card say of the data."""
        return {
            "synthetic_pairs": self.synthetic,
            "note": SYNTHETIC if self.synthetic else "",
            "classes_left_out": list(self.left_out),
            "corpora": [
                {
                    "name": corpus.name,
                    "licence": corpus.licence,
                    "samples": {
                        split: sum(sample.split == split for sample in corpus.samples) for split in SPLITS
                    },
                    "dropped": dict(corpus.dropped),
                }
                for corpus in self.corpora
            ],
        }


def read_data(config: ExperimentConfig, folder: Path) -> ExperimentData:
    """Read the corpora of an experiment below `folder`.

    Raises:
        UsageError: a corpus is missing or damaged, a speaker is in two splits, a modality is empty, or there
            is only one class.
    """
    corpora = [_read(name, config, folder) for name in config.data.corpora]
    modalities, data, seed = config.modalities, config.data, config.training.seed
    synthetic = data.pairing == "synthetic" or (
        data.pairing == "auto" and not any(holds_all(corpus, modalities) for corpus in corpora)
    )
    if not synthetic:
        sources = {split: AsTheyAre.of(corpora, split, modalities, seed) for split in SPLITS}
        result = ExperimentData(
            corpora,
            sources["train"],
            sources["validation"].joints,
            sources["test"].joints,
            synthetic=False,
        )
        _check(result, config)
        return result
    pairs = {
        split: SyntheticPairs.of(
            corpora,
            split,
            modalities,
            label=data.label,
            balanced=data.classes == "balanced",
            pairs=data.pairs if split == "train" else data.held_out_pairs,
            seed=seed,
        )
        for split in SPLITS
    }
    return ExperimentData(
        corpora,
        pairs["train"],
        pairs["validation"].epoch(HELD_OUT_EPOCH),
        pairs["test"].epoch(HELD_OUT_EPOCH),
        synthetic=True,
        left_out=pairs["train"].left_out,
    )


def check_classes(config: ExperimentConfig, data: ExperimentData) -> None:
    """Refuse to learn a head of whose classes there is only one.

    Raises:
        UsageError: so it is.
    """
    for label in CLASSES:
        counts = data.counts(label)
        if label in config.fusion.heads and sum(count > 0 for count in counts) < 2:
            held = [name for name, count in zip(CLASSES[label], counts, strict=True) if count]
            raise UsageError(
                f"the training samples of {', '.join(config.data.corpora)} have "
                f"{f'only the class {held[0]!r}' if held else 'no label'} of {label}: nothing can be learnt "
                f"of it; take {label!r} out of fusion.heads or add a corpus"
            )


def _check(data: ExperimentData, config: ExperimentConfig) -> None:
    names = ", ".join(corpus.name for corpus in data.corpora)
    splits: dict[Split, Sequence[Joint]] = {
        "train": data.train.epoch(HELD_OUT_EPOCH),
        "validation": data.validation,
        "test": data.test,
    }
    for split, joints in splits.items():
        for modality in config.modalities:
            if not any(joint.sample.has(modality) for joint in joints):
                raise UsageError(
                    f"no {split} sample of {names} has {modality}: the modality is empty; "
                    "name a corpus that has it in data.corpora, or leave it out of fusion.modalities"
                )


def _read(name: str, config: ExperimentConfig, folder: Path) -> Corpus:
    seed = config.training.seed
    corpus = divide(read_corpus(name, config.data.folders.get(name, folder)), seed)
    if corpus.samples:
        corpus = carve_validation(corpus, VALIDATION_SHARE, seed)
    limit = config.data.limit
    if limit is None:
        return corpus
    kept: list[Sample] = []
    for split in SPLITS:
        samples = [sample for sample in corpus.samples if sample.split == split]
        rows = np.linspace(0, len(samples) - 1, min(limit, len(samples))).round().astype(int)
        kept += [samples[row] for row in rows]
    return replace(corpus, samples=kept)
