"""Samples with all the modalities of an experiment, of one corpus or put together from several.

Where no corpus has all modalities, a sample is put together from one sample of each modality: different
people of different corpora who carry the same label. That is *synthetic pairing*. What is learnt of it is how
to read each modality and how to combine what they say; of how the words, voice and face of *one* person go
together it teaches nothing, and no figure on such pairs is a cross-modal result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray, Modality
from live_sentiment.training.data import labels
from live_sentiment.training.data.samples import Corpus, Sample, Split

Label = Literal["emotions", "polarity"]
CLASSES: Mapping[Label, tuple[str, ...]] = {"emotions": EMOTIONS, "polarity": POLARITIES}


@dataclass(frozen=True, slots=True)
class Joint:
    """One sample as an experiment learns from it."""

    sample: Sample
    """Its labels, and what is seen, heard and read."""
    parts: Mapping[Modality, str] = field(default_factory=dict)
    """Whose it is, as "corpus/key": what features are kept by."""


class Source(Protocol):
    """Gives the samples of an epoch."""

    def epoch(self, number: int) -> Sequence[Joint]:
        """The samples in the order in which they are learnt; a function of the number alone."""
        ...


def holds_all(corpus: Corpus, modalities: Sequence[Modality]) -> bool:
    """Whether any sample of a corpus has all these modalities."""
    return any(all(sample.has(one) for one in modalities) for sample in corpus.samples)


@dataclass(frozen=True, slots=True)
class AsTheyAre:
    """The samples of the corpora, each once in an epoch, in an order drawn anew."""

    joints: Sequence[Joint]
    seed: int

    @classmethod
    def of(
        cls, corpora: Sequence[Corpus], split: Split, modalities: Sequence[Modality], seed: int
    ) -> AsTheyAre:
        """The samples of a split that have any of the modalities."""
        joints = []
        for corpus in corpora:
            for sample in corpus.samples:
                there = [one for one in modalities if sample.has(one)]
                if sample.split == split and there:
                    name = f"{corpus.name}/{sample.key}"
                    joints.append(Joint(sample, dict.fromkeys(there, name)))
        return cls(joints, seed)

    def epoch(self, number: int) -> Sequence[Joint]:
        """All samples, shuffled."""
        order = np.random.default_rng((self.seed, number)).permutation(len(self.joints))
        return [self.joints[index] for index in order]


@dataclass(frozen=True, slots=True)
class SyntheticPairs:
    """Samples put together from samples of the same label."""

    pools: Mapping[Modality, Mapping[int, Sequence[tuple[str, Sample]]]]
    """By modality and class number: name "corpus/key" and sample."""
    label: Label
    frequencies: Mapping[int, float]
    """How often each class is drawn; they add up to 1."""
    pairs: int
    seed: int

    @classmethod
    def of(
        cls,
        corpora: Sequence[Corpus],
        split: Split,
        modalities: Sequence[Modality],
        *,
        label: Label,
        balanced: bool,
        pairs: int,
        seed: int,
    ) -> SyntheticPairs:
        """Pools of a split, of the classes that every modality has samples of.

        Raises:
            UsageError: a modality has no samples, or they have no two classes in common.
        """
        pools = {modality: _pool(corpora, split, modality, label) for modality in modalities}
        names = ", ".join(corpus.name for corpus in corpora)
        for modality, pool in pools.items():
            if not pool:
                raise UsageError(
                    f"no {split} sample of {names} has {modality} and {label}: the modality {modality} is "
                    "empty; name a corpus that has it in data.corpora, or leave it out of fusion.modalities"
                )
        common = sorted(set.intersection(*(set(pool) for pool in pools.values())))
        if len(common) < 2:
            raise UsageError(
                f"pairs by {label} need two classes that every modality has; the {split} samples of {names} "
                f"have {len(common)} in common"
            )
        counts = np.array([1 if balanced else len(pools[modalities[0]][one]) for one in common], np.float64)
        frequencies = dict(zip(common, (counts / counts.sum()).tolist(), strict=True))
        return cls(pools, label, frequencies, pairs, seed)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Classes that not every modality has samples of."""
        return tuple(
            name for number, name in enumerate(CLASSES[self.label]) if number not in self.frequencies
        )

    def epoch(self, number: int) -> Sequence[Joint]:
        """Pairs drawn for this epoch."""
        random = np.random.default_rng((self.seed, number))
        classes = random.choice(list(self.frequencies), self.pairs, p=list(self.frequencies.values()))
        return [self._pair(int(one), random) for one in classes]

    def _pair(self, number: int, random: np.random.Generator) -> Joint:
        chosen: dict[Modality, tuple[str, Sample]] = {}
        for modality, pool in self.pools.items():
            there = pool[number]
            chosen[modality] = there[int(random.integers(len(there)))]
        return put_together(chosen, self.label)


def put_together(chosen: Mapping[Modality, tuple[str, Sample]], label: Label) -> Joint:
    """One sample of several that carry the same `label`: of each what its modality shows.

    Labels are the mean of those that the samples have. Emotions are left out of samples paired by polarity:
    sadness and anger are both negative, and their mean is nobody's emotion.
    """
    samples = [sample for _, sample in chosen.values()]
    text, voice, vision = (chosen.get(modality, ("", None))[1] for modality in ("text", "voice", "vision"))
    features = {
        modality: sample.features[modality]
        for modality, (_, sample) in chosen.items()
        if modality in sample.features
    }
    scores = [sample.score for sample in samples if sample.score is not None]
    joined = Sample(
        key=" + ".join(name for name, _ in chosen.values()),
        split=samples[0].split,
        text=text.text if text else None,
        sound=voice.sound if voice else None,
        video=vision.video if vision else None,
        picture=vision.picture if vision else None,
        features=features,
        emotions=_mean([sample.emotions for sample in samples]) if label == "emotions" else None,
        polarity=_mean([sample.polarity for sample in samples]),
        valence_arousal=_mean([sample.valence_arousal for sample in samples]),
        score=float(np.mean(scores)) if scores else None,
    )
    return Joint(joined, {modality: name for modality, (name, _) in chosen.items()})


def _pool(
    corpora: Sequence[Corpus], split: Split, modality: Modality, label: Label
) -> dict[int, list[tuple[str, Sample]]]:
    pool: dict[int, list[tuple[str, Sample]]] = {}
    for corpus in corpora:
        samples = [sample for sample in corpus.samples if sample.split == split and sample.has(modality)]
        for number, sample in zip(leading(samples, label), samples, strict=True):
            if number >= 0:
                pool.setdefault(number, []).append((f"{corpus.name}/{sample.key}", sample))
    return pool


def leading(samples: Sequence[Sample], label: Label) -> list[int]:
    """The class number of each sample; -1 where it has none, or several lead alike."""
    found: list[int] = labels.hard(
        [sample.emotions if label == "emotions" else sample.polarity for sample in samples]
    ).tolist()
    return found


def _mean(given: Sequence[FloatArray | None]) -> FloatArray | None:
    """Mean over those that there are, number by number."""
    there = [one for one in given if one is not None]
    if not there:
        return None
    table = np.stack(there).astype(np.float64)
    known = ~np.isnan(table)
    total = np.where(known, table, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    mean = np.full(total.shape, np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.astype(np.float32)
