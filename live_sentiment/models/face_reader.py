"""What reads faces: the expression network, or an expert of one's own training. Stateless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Expert, ImageArray
from live_sentiment.models.encoders.expert import TrainedExpert, is_expert
from live_sentiment.models.encoders.pictures import PictureEncoder
from live_sentiment.models.face_expression import Expression, Readings, polarity_of
from live_sentiment.models.store.shipped import ShippedWeights, load_shipped
from live_sentiment.models.store.store import ModelStore


class FaceReader(Protocol):
    """Faces in, readings out."""

    @property
    def expert(self) -> Expert:
        """What fusion must know of it."""

    @property
    def colour_px(self) -> int | None:
        """Side of the aligned BGR crops that it reads; None reads the grey ones."""

    def __call__(self, crops: Sequence[ImageArray]) -> Readings:
        """Read aligned faces, at least one."""


class ExpressionReader:
    """The expression network; it reads the grey crops."""

    colour_px = None

    def __init__(self, weights: ShippedWeights, device: torch.device) -> None:
        self._read = Expression(weights, device)

    @property
    def expert(self) -> Expert:
        """See `FaceReader`."""
        return Expert(
            modality="vision",
            embedding_dim=self._read.embedding_dim,
            emotion_prior=self._read.prior,
            polarity_prior=polarity_of(self._read.prior),
            model=self._read.name,
            sha256=self._read.sha256,
        )

    def __call__(self, crops: Sequence[ImageArray]) -> Readings:
        """See `FaceReader`."""
        return self._read(crops)


class TrainedFaceReader:
    """An expert of one's own training; it reads faces in colour, at the size that its encoder asks for."""

    def __init__(self, weights: ShippedWeights, store: ModelStore, device: torch.device) -> None:
        self._expert = TrainedExpert(weights, "vision", store, device)
        encoder = self._expert.encoder
        if not isinstance(encoder, PictureEncoder):
            raise UsageError(f"the encoder of {weights.name} reads no pictures")
        self.colour_px = encoder.size_px

    @property
    def expert(self) -> Expert:
        """See `FaceReader`."""
        return self._expert.expert

    def __call__(self, crops: Sequence[ImageArray]) -> Readings:
        """See `FaceReader`."""
        found = [self._expert.read(crop) for crop in crops]
        return Readings(
            np.stack([reading.embedding for reading in found]),
            np.stack([reading.emotions for reading in found]),
            np.stack([reading.polarity for reading in found]),
        )


def load_reader(name_or_path: str, store: ModelStore, device: torch.device) -> FaceReader:
    """The reader that the name or path of an encoder asks for.

    Raises:
        RunError, UsageError: see `Expression` and `TrainedExpert`.
    """
    weights = load_shipped(name_or_path)
    if is_expert(weights):
        return TrainedFaceReader(weights, store, device)
    return ExpressionReader(weights, device)
