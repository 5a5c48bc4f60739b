"""A window as tensors: per modality a padded sequence with a mask, and all 2³ subsets of it as one batch.

A modality that is absent is masked out. Its padding is never looked at, so absence can not be mistaken for an
observation of zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.types import (
    EMOTIONS,
    MODALITIES,
    POLARITIES,
    FloatArray,
    Modality,
    Observation,
    Window,
)

CAPACITY: Mapping[Modality, int] = {"text": 32, "voice": 16, "vision": 128}
"""Steps of each padded sequence. Fixed, because the last bits of a sum depend on the shape it is taken in: a
window gives the same bytes whatever came before it. A fuller window is thinned evenly; its last step
stays."""

SUBSETS = tuple(
    frozenset(modality for bit, modality in enumerate(MODALITIES) if index >> bit & 1)
    for index in range(2 ** len(MODALITIES))
)
"""All subsets of the modalities in the order of `FusionBatch.over_subsets`: bit i of the row number stands
for MODALITIES[i], so row 0 is the empty set and the last row is everything there is."""

PROBABILITY_FLOOR = 1e-4
"""No expert is believed to exclude anything: one logarithm of zero would veto all the others."""


@dataclass(frozen=True, slots=True)
class ModalitySequence:
    """What one modality said, B windows at a time, padded to T steps."""

    embeddings: Tensor
    """Shape (B, T, D), float32."""
    emotions: Tensor
    """Shape (B, T, 7), the expert's log-probabilities in the order of EMOTIONS."""
    polarity: Tensor
    """Shape (B, T, 3), the expert's log-probabilities in the order of POLARITIES."""
    times_s: Tensor
    """Shape (B, T), seconds relative to the window's end, ≤ 0."""
    quality: Tensor
    """Shape (B, T), in [0, 1]."""
    mask: Tensor
    """Shape (B, T), bool: True where there is an observation."""

    @property
    def present(self) -> Tensor:
        """Shape (B,), bool: whether there is any observation at all."""
        return self.mask.any(dim=1)

    def fields(self) -> tuple[Tensor, ...]:
        """Every tensor, in the order of declaration."""
        return (self.embeddings, self.emotions, self.polarity, self.times_s, self.quality, self.mask)

    def __repr__(self) -> str:
        batch, steps, dim = self.embeddings.shape
        return f"ModalitySequence({batch} windows, {steps} steps, {dim} dimensions)"


@dataclass(frozen=True, slots=True)
class FusionBatch:
    """B windows, ready to be fused."""

    sequences: Mapping[Modality, ModalitySequence]
    """One for each of MODALITIES."""

    @classmethod
    def from_window(
        cls, window: Window, person: int | None, embedding_dims: Mapping[Modality, int]
    ) -> FusionBatch:
        """A batch of one: the window's text and voice, and the faces of `person` alone.

        `embedding_dims` gives D of every modality, so that an absent one has its shape too.

        Raises:
            ValueError: an observation's embedding is of another size.
        """
        return cls(
            {
                modality: _sequence(
                    _chosen(window, modality, person),
                    window.end_s,
                    CAPACITY[modality],
                    embedding_dims[modality],
                )
                for modality in MODALITIES
            }
        )

    @property
    def present(self) -> Tensor:
        """Shape (B, 3), bool, in the order of MODALITIES."""
        return torch.stack([self.sequences[modality].present for modality in MODALITIES], dim=1)

    @property
    def subset(self) -> Tensor:
        """Shape (B,), int64: the row of SUBSETS that is present."""
        bits = 2 ** torch.arange(len(MODALITIES), device=self.present.device)
        return (self.present * bits).sum(dim=1)

    def keeping(self, keep: Tensor) -> FusionBatch:
        """The same windows without the modalities where `keep`, shape (B, 3) or (1, 3), bool, is False."""
        return FusionBatch(
            {
                modality: replace(sequence, mask=sequence.mask & keep[:, index, None])
                for index, (modality, sequence) in enumerate(self.sequences.items())
            }
        )

    def over_subsets(self) -> FusionBatch:
        """One window eight times, each row keeping one of SUBSETS.

        Raises:
            ValueError: the batch holds more than one window.
        """
        if len(self) != 1:
            raise ValueError(f"subsets are taken of one window, not of {len(self)}")
        rows = len(SUBSETS)
        repeated = FusionBatch(
            {
                modality: ModalitySequence(*(one.expand(rows, *one.shape[1:]) for one in sequence.fields()))
                for modality, sequence in self.sequences.items()
            }
        )
        return repeated.keeping(subset_masks(self.present.device))

    def to(self, device: torch.device) -> FusionBatch:
        """The batch on another device."""
        return FusionBatch(
            {
                modality: ModalitySequence(*(one.to(device) for one in sequence.fields()))
                for modality, sequence in self.sequences.items()
            }
        )

    def __len__(self) -> int:
        return int(next(iter(self.sequences.values())).mask.shape[0])


def subset_masks(device: torch.device | None = None) -> Tensor:
    """Shape (8, 3), bool: which of MODALITIES each of SUBSETS holds."""
    held = [[modality in subset for modality in MODALITIES] for subset in SUBSETS]
    return torch.tensor(held, device=device)


def _chosen(window: Window, modality: Modality, person: int | None) -> Sequence[Observation]:
    observations = window.observations.get(modality, ())
    if modality != "vision":
        return observations
    return [observation for observation in observations if observation.person == person]


def _sequence(observations: Sequence[Observation], end_s: float, capacity: int, dim: int) -> ModalitySequence:
    if len(observations) > capacity:
        kept = np.linspace(len(observations) - 1, 0, capacity).round().astype(int)[::-1]
        observations = [observations[index] for index in kept]
    count = len(observations)
    embeddings = np.zeros((1, capacity, dim), np.float32)
    emotions = np.full((1, capacity, len(EMOTIONS)), -np.log(len(EMOTIONS)), np.float32)
    polarity = np.full((1, capacity, len(POLARITIES)), -np.log(len(POLARITIES)), np.float32)
    times_s = np.zeros((1, capacity), np.float32)
    quality = np.zeros((1, capacity), np.float32)
    if count:
        embeddings[0, :count] = [observation.embedding for observation in observations]
        emotions[0, :count] = log_probabilities(np.stack([one.emotions for one in observations]))
        polarity[0, :count] = log_probabilities(np.stack([one.polarity for one in observations]))
        times_s[0, :count] = [observation.time_s - end_s for observation in observations]
        quality[0, :count] = [observation.quality for observation in observations]
    mask = np.arange(capacity)[None] < count
    return ModalitySequence(
        *(torch.from_numpy(one) for one in (embeddings, emotions, polarity, times_s, quality, mask))
    )


def log_probabilities(probabilities: FloatArray) -> FloatArray:
    """Logarithms of probabilities, shape (..., classes), none taken below PROBABILITY_FLOOR."""
    floored = np.maximum(probabilities, PROBABILITY_FLOOR).astype(np.float32)
    return np.asarray(np.log(floored / floored.sum(axis=-1, keepdims=True)), np.float32)
