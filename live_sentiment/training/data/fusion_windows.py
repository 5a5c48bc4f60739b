"""Labelled windows that fusers learn from and are measured on, whether paired or recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence


@dataclass(frozen=True, slots=True)
class Targets:
    """What is true of N windows; None where nothing is known of it."""

    emotions: Tensor | None = None
    """Shape (N, 7), distributions; rows that are not a number are left out."""
    polarity: Tensor | None = None
    """Shape (N, 3), likewise."""
    valence_arousal: Tensor | None = None
    """Shape (N, 2), in [-1, 1]; what is not a number is left out."""


class Windows(Protocol):
    """N windows and what is known of them."""

    @property
    def batch(self) -> FusionBatch:
        """What was said, heard and seen."""

    @property
    def emotions(self) -> Tensor:
        """Shape (N,), int64: the emotion that is to be found, -1 where none is known."""

    @property
    def polarity(self) -> Tensor:
        """Shape (N,), int64, likewise."""

    @property
    def by_chance(self) -> Tensor:
        """Shape (N,), bool: the polarity is a matter of chance, so that nobody can know it."""

    @property
    def agreeing(self) -> Tensor:
        """Shape (N,), bool: all modalities are known to show that emotion."""

    def targets(self, keep: Tensor) -> Targets:
        """What a fuser is to say when only the modalities in `keep`, shape (N, 3), are listened to."""


class Source(Protocol):
    """Where windows of one split come from."""

    def draw(self, count: int, generator: torch.Generator) -> Windows:
        """So many windows at random, to learn from."""

    def held_out(self, count: int, generator: torch.Generator) -> Windows:
        """Windows to decide on or to measure: about `count`, or all there are."""

    def counts(self) -> Mapping[Modality, int]:
        """Samples of each modality."""


def with_one_lying(
    batch: FusionBatch, emotions: Tensor, liar: Modality, generator: torch.Generator
) -> FusionBatch:
    """The same windows with one modality taken from a window of another emotion, at random.

    `emotions`, shape (N,), int64, is what each window shows.

    Raises:
        ValueError: all windows are of one emotion.
    """
    rows = torch.empty(len(emotions), dtype=torch.int64)
    for label in torch.unique(emotions):
        own = emotions == label
        others = torch.nonzero(~own)[:, 0]
        if not len(others):
            raise ValueError("nobody can lie where everybody feels the same")
        chosen = torch.randint(len(others), (int(own.sum()),), generator=generator)
        rows[own] = others[chosen]
    sequences = dict(batch.sequences)
    sequences[liar] = take(sequences[liar], rows)
    return FusionBatch(sequences)


def only(batch: FusionBatch, keep: Tensor) -> FusionBatch:
    """The windows with the modalities that `keep`, shape (3,), bool, holds; of the others one masked step.

    As `FusionBatch.keeping`, but nothing is computed of what nobody listens to.
    """
    sequences = {
        name: one if kept else ModalitySequence(*(field[:, :1] for field in one.fields()))
        for kept, (name, one) in zip(keep.tolist(), batch.sequences.items(), strict=True)
    }
    return FusionBatch(sequences).keeping(keep[None])


def select(batch: FusionBatch, rows: Tensor) -> FusionBatch:
    """Some windows of a batch; `rows` are numbers or a mask."""
    return FusionBatch({name: take(batch.sequences[name], rows) for name in MODALITIES})


def take(sequence: ModalitySequence, rows: Tensor) -> ModalitySequence:
    """Some rows of a sequence."""
    return ModalitySequence(*(field[rows] for field in sequence.fields()))
