"""Recorded clips for fusion: words, voice and face of the same person, as the experts read them.

Of every clip there is one window, which ends where the clip ends. A fuser that learns from these learns also
how one person's words, voice and face go together, which synthetic pairs cannot teach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress
from torch import Tensor

from live_sentiment.core.config import Config, HeadName
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import (
    EMOTIONS,
    MODALITIES,
    POLARITIES,
    Expert,
    FloatArray,
    Modality,
    Presence,
    Window,
)
from live_sentiment.fusion.batch import CAPACITY, FusionBatch, ModalitySequence
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.fusion_experts import read_experts
from live_sentiment.training.data.fusion_readings import kept_observations
from live_sentiment.training.data.fusion_windows import Targets, select
from live_sentiment.training.data.labels import hard
from live_sentiment.training.data.samples import Corpus, Sample, Split
from live_sentiment.training.data.splits import SHARES, carve_validation, divide
from live_sentiment.training.evaluation.shipped import PERSON, Observations
from live_sentiment.training.tasks.fusion_run import Corpora

SEED = 0
"""Of the split, where the corpus has none."""


@dataclass(frozen=True, slots=True)
class Clips:
    """Windows of one split, each the end of a clip; they are drawn from, and they are held out whole."""

    batch: FusionBatch
    """What is missing of a clip is masked."""
    emotion_targets: Tensor
    """Shape (N, 7), distributions; rows of NaN where a clip has no such label."""
    polarity_targets: Tensor
    """Shape (N, 3), likewise."""

    @property
    def emotions(self) -> Tensor:
        """Shape (N,), int64: the leading emotion, -1 where there is none."""
        return _leading(self.emotion_targets)

    @property
    def polarity(self) -> Tensor:
        """Shape (N,), int64, likewise."""
        return _leading(self.polarity_targets)

    @property
    def by_chance(self) -> Tensor:
        """Shape (N,), bool: never."""
        return torch.zeros(len(self.batch), dtype=torch.bool)

    @property
    def agreeing(self) -> Tensor:
        """Shape (N,), bool: always, since nobody says of which modality the label is not true."""
        return torch.ones(len(self.batch), dtype=torch.bool)

    def targets(self, keep: Tensor) -> Targets:
        """The labels, whoever is listened to."""
        return Targets(_known(self.emotion_targets), _known(self.polarity_targets))

    def draw(self, count: int, generator: torch.Generator) -> Clips:
        """So many clips at random; one may come twice."""
        rows = torch.randint(len(self.batch), (count,), generator=generator)
        return Clips(select(self.batch, rows), self.emotion_targets[rows], self.polarity_targets[rows])

    def held_out(self, count: int, generator: torch.Generator) -> Clips:
        """All clips."""
        return self

    def counts(self) -> Mapping[Modality, int]:
        """Clips in which there is something of each modality."""
        present = self.batch.present.sum(dim=0).tolist()
        return {modality: int(count) for modality, count in zip(MODALITIES, present, strict=True)}


def read_clips(
    name: str, data: Path, config: Config, store: ModelStore, *, cache: Path, progress: Progress
) -> tuple[dict[Modality, Expert], Corpora]:
    """The experts of a configuration, and a corpus as they read it, by split.

    Raises:
        UsageError: no such corpus, nothing that an expert could read, labels of one class only, or a speaker
            in two splits.
        RunError: a model could not be fetched.
    """
    corpus = divide(carve_validation(read_corpus(name, data), SHARES["validation"], SEED), SEED)
    experts = read_experts(config, store)
    observed = {
        modality: kept_observations(corpus, experts[modality], config, store, cache=cache, progress=progress)
        for modality in MODALITIES
    }
    for modality, found in observed.items():
        if not found:
            raise UsageError(f"{corpus.name}: no clip has anything that the {modality} expert could read")
    whole = {split: _clips(corpus, split, observed, experts, config) for split in SHARES}
    heads = _heads(corpus.name, whole["train"])
    licence = f"{corpus.name} (licence: {corpus.licence}), recorded clips"
    return experts, Corpora(
        whole["train"],
        whole["validation"],
        whole["test"],
        {"words, voices and faces": licence},
        synthetic=False,
        heads=heads,
    )


def windows_of(
    samples: Sequence[Sample],
    observed: Mapping[Modality, Mapping[str, Observations]],
    dims: Mapping[Modality, int],
    length_s: float,
) -> Clips:
    """One window of each sample, `length_s` long, that ends with it."""
    longest = {
        modality: min(CAPACITY[modality], max(map(len, found.values()), default=1))
        for modality, found in observed.items()
    }
    rows = []
    for sample in samples:
        seen = {
            modality: tuple(one for one in found.get(sample.key, ()) if one.time_s > -length_s)
            for modality, found in observed.items()
        }
        presence = {modality: Presence(bool(ones)) for modality, ones in seen.items()}
        window = Window(0, -length_s, 0.0, seen, (), 1.0, presence, final=True)
        rows.append(FusionBatch.from_window(window, PERSON, dims))
    sequences = {
        modality: ModalitySequence(
            *(
                torch.cat([field[:, : longest[modality]] for field in fields])
                for fields in zip(*(row.sequences[modality].fields() for row in rows), strict=True)
            )
        )
        for modality in MODALITIES
    }
    return Clips(
        FusionBatch(sequences),
        _distributions([sample.emotions for sample in samples], len(EMOTIONS)),
        _distributions([sample.polarity for sample in samples], len(POLARITIES)),
    )


def _clips(
    corpus: Corpus,
    split: Split,
    observed: Mapping[Modality, Mapping[str, Observations]],
    experts: Mapping[Modality, Expert],
    config: Config,
) -> Clips:
    samples = [
        sample
        for sample in corpus.of(split).samples
        if any(sample.key in found for found in observed.values())
        and (sample.emotions is not None or sample.polarity is not None)
    ]
    if not samples:
        raise UsageError(f"{corpus.name}: no labelled clip in the {split} split that an expert could read")
    dims = {modality: expert.embedding_dim for modality, expert in experts.items()}
    return windows_of(samples, observed, dims, config.window.length_s)


def _heads(name: str, train: Clips) -> tuple[HeadName, ...]:
    """What can be learnt: labels of two classes at least."""
    classes: dict[HeadName, Tensor] = {"emotions": train.emotions, "polarity": train.polarity}
    heads = tuple(head for head, labels in classes.items() if (labels[labels >= 0].bincount() > 0).sum() > 1)
    if not heads:
        raise UsageError(f"{name}: the training clips are all of one class, so there is nothing to learn")
    return heads


def _distributions(labels: Sequence[FloatArray | None], classes: int) -> Tensor:
    rows = [np.full(classes, np.nan, np.float32) if one is None else one for one in labels]
    return torch.from_numpy(np.array(rows, np.float32))


def _leading(targets: Tensor) -> Tensor:
    rows = [None if np.isnan(row).any() else row for row in targets.numpy()]
    return torch.from_numpy(hard(rows))


def _known(targets: Tensor) -> Tensor | None:
    return None if targets.isnan().any(dim=1).all() else targets
