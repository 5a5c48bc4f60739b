"""What the vision encoders have in common: pictures of one size, one embedding each.

A prepared picture is (1, channels, S, S), so that several of them, put together along the first dimension,
are one sample: a face over time. Its steps have no clock of their own; whoever has the frames knows it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.types import ImageArray
from live_sentiment.models.encoders.encoder import Encoded, Encoder, Raw, as_picture
from live_sentiment.models.encoders.source import Source

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and deviation of the channels, of ImageNet's pictures: what most networks were trained with."""


class PictureEncoder(Encoder):
    """Base of the vision encoders; padded pictures never reach the network."""

    modality = "vision"
    size_px: int
    """Side of the picture that the network sees: crops of this size need no resizing."""

    def __init__(self, config: EncoderConfig, source: Source | None = None) -> None:
        super().__init__(config, source)
        self._mean, self._deviation = _normalisation(source)

    def prepare(self, raw: Raw) -> Tensor:
        """A picture of the network's size, float32 (1, 3, S, S), normalised as the source has it."""
        picture = resized(as_picture(raw), self.size_px)
        scaled = (picture.astype(np.float32) / 255 - self._mean) / self._deviation
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32))

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        found = self.embed(inputs[mask]).float()
        embeddings = found.new_zeros(*mask.shape, self.dim)
        embeddings[mask] = found
        return Encoded(embeddings, mask, torch.zeros(mask.shape, device=mask.device))

    @abstractmethod
    def embed(self, pictures: Tensor) -> Tensor:
        """Pictures (N, channels, S, S) to embeddings (N, dim)."""


def resized(picture: ImageArray, size_px: int) -> ImageArray:
    """A picture (H, W) or (H, W, 3) at (S, S); averaged where it shrinks, so that nothing aliases."""
    if picture.shape[:2] == (size_px, size_px):
        return picture
    shrinks = max(picture.shape[:2]) > size_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (size_px, size_px), interpolation=method), np.uint8)


def _normalisation(source: Source | None) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], ...]:
    described = source.settings("preprocessor_config.json") if source else {}
    values: Sequence[Sequence[float]] = (
        described.get("image_mean", IMAGENET[0]),
        described.get("image_std", IMAGENET[1]),
    )
    return tuple(np.array(value, np.float32) for value in values)


def source_size_px(source: Source, default: int) -> int:
    """Side of the pictures that a pretrained network was trained with, as its folder says."""
    described = source.settings("preprocessor_config.json")
    for key in ("crop_size", "size"):
        size = described.get(key)
        side = size.get("height", size.get("shortest_edge")) if isinstance(size, dict) else size
        if isinstance(side, int):
            return side
    return default
