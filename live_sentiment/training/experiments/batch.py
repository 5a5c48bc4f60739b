"""Samples as tensors: per modality the rows that have it, and the labels of all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from live_sentiment.core.types import EMOTIONS, POLARITIES, Modality
from live_sentiment.models.encoders.encoder import Encoder, pad
from live_sentiment.training.data.features import Feature
from live_sentiment.training.data.raw import Look, RawReader, UnreadableError
from live_sentiment.training.experiments.joint import Joint


@dataclass(frozen=True, slots=True)
class Targets:
    """What is true of B samples; a row of NaN where it is not known."""

    emotions: Tensor
    """Shape (B, 7), distributions."""
    polarity: Tensor
    """Shape (B, 3), distributions."""
    valence_arousal: Tensor
    """Shape (B, 2), in [-1, 1]; one of the two may be NaN."""
    score: Tensor
    """Shape (B,), in [-3, 3]."""

    @classmethod
    def of(cls, joints: Sequence[Joint]) -> Targets:
        """The labels of samples."""
        samples = [joint.sample for joint in joints]
        return cls(
            _rows([sample.emotions for sample in samples], len(EMOTIONS)),
            _rows([sample.polarity for sample in samples], len(POLARITIES)),
            _rows([sample.valence_arousal for sample in samples], 2),
            _rows([sample.score for sample in samples], 1)[:, 0],
        )

    def to(self, device: torch.device) -> Targets:
        """The same on another device."""
        return Targets(*(getattr(self, field.name).to(device) for field in fields(self)))

    def mixed(self, mixing: Mixing) -> Targets:
        """Labels of samples mixed with one another; not known where one of the two is not."""
        return Targets(*(mixing.of(getattr(self, field.name)) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Mixing:
    """mixup (H. Zhang et al., "mixup: beyond empirical risk minimization", 2018), of embeddings and labels:

    x̃_i = λ x_i + (1 − λ) x_j   with j = order[i]
    """

    share: float
    """λ, in [0, 1]."""
    order: Tensor
    """Shape (B,), int64: with whom each row is mixed."""

    def of(self, values: Tensor) -> Tensor:
        """Rows of shape (B, …), mixed."""
        return self.share * values + (1 - self.share) * values[self.order]


@dataclass(frozen=True, slots=True)
class Given:
    """One modality of a batch: n looks, of those samples that have it; a video is looked at several times."""

    rows: Tensor
    """Shape (n,), int64: the sample of each look."""
    slots: Tensor
    """Shape (n,), int64: which of its sample's looks it is, in order of time."""
    offsets_s: Tensor
    """Shape (n,), seconds from the sample's end to the look's, ≤ 0."""
    inputs: Tensor
    """Shape (n, L, …), as the encoder takes it; or embeddings (n, T, dim), float32."""
    mask: Tensor
    """Shape (n, L), bool: False on padding."""
    times_s: Tensor | None = None
    """Shape (n, T), of embeddings; None where `inputs` are still to be encoded."""

    def to(self, device: torch.device) -> Given:
        """The same on another device."""
        times_s = None if self.times_s is None else self.times_s.to(device)
        return Given(
            self.rows.to(device),
            self.slots.to(device),
            self.offsets_s.to(device),
            self.inputs.to(device),
            self.mask.to(device),
            times_s,
        )


@dataclass(frozen=True, slots=True)
class ExperimentBatch:
    """B samples, ready to be learnt from."""

    size: int
    given: Mapping[Modality, Given]
    """Modalities that no sample has are not keys."""
    targets: Targets

    def to(self, device: torch.device) -> ExperimentBatch:
        """The same on another device."""
        given = {name: one.to(device) for name, one in self.given.items()}
        return replace(self, given=given, targets=self.targets.to(device))


@dataclass(frozen=True, slots=True)
class Collator:
    """Makes batches: takes kept features where there are some, and reads the raw sample elsewhere.

    What holds nothing to read, a video without a face say, counts as absent.
    """

    modalities: Sequence[Modality]
    encoders: Mapping[Modality, Encoder]
    reader: RawReader
    features: Mapping[Modality, Mapping[str, Feature]] = field(default_factory=dict)
    """Of frozen encoders, by modality and by the names of `Joint.parts`."""

    def __call__(self, joints: Sequence[Joint]) -> ExperimentBatch:
        """The batch of these samples, on the CPU."""
        given = {name: one for name in self.modalities if (one := self._given(name, joints)) is not None}
        return ExperimentBatch(len(joints), given, Targets.of(joints))

    def _given(self, modality: Modality, joints: Sequence[Joint]) -> Given | None:
        there = [(row, joint) for row, joint in enumerate(joints) if joint.sample.has(modality)]
        if modality in self.features or modality not in self.encoders:
            return self._kept(modality, there)
        prepare = self.encoders[modality].prepare
        looks = [
            (row, slot, look.offset_s, prepare(look.raw))
            for row, joint in there
            for slot, look in enumerate(self._read(joint, modality))
        ]
        if not looks:
            return None
        rows, slots, offsets_s, prepared = zip(*looks, strict=True)
        inputs, mask = pad(prepared)
        return Given(torch.tensor(rows), torch.tensor(slots), torch.tensor(offsets_s), inputs, mask)

    def _kept(self, modality: Modality, there: Sequence[tuple[int, Joint]]) -> Given | None:
        kept = [(row, one) for row, joint in there if (one := self._feature(modality, joint)) is not None]
        if not kept:
            return None
        inputs, mask = pad([torch.from_numpy(one.embeddings) for _, one in kept])
        times_s, _ = pad([torch.from_numpy(one.times_s) for _, one in kept])
        rows = torch.tensor([row for row, _ in kept])
        return Given(rows, torch.zeros_like(rows), torch.zeros(len(rows)), inputs, mask, times_s)

    def _feature(self, modality: Modality, joint: Joint) -> Feature | None:
        if modality in self.features:
            return self.features[modality].get(joint.parts[modality])
        embeddings = np.asarray(joint.sample.features[modality], np.float32)
        return Feature(embeddings, np.zeros(len(embeddings), np.float32))

    def _read(self, joint: Joint, modality: Modality) -> Sequence[Look]:
        try:
            return self.reader.read(joint.sample, modality)
        except UnreadableError:
            return ()


def _rows(given: Sequence[ArrayLike | None], width: int) -> Tensor:
    table = np.full((len(given), width), np.nan, np.float32)
    for row, one in zip(table, given, strict=True):
        if one is not None:
            row[:] = one
    return torch.from_numpy(table)
