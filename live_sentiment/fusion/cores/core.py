"""What every core of a learnt fuser takes and gives.

`LearntFuser` brings each modality's embeddings to tokens of one width and reads its heads off the core's
vector; the core is the architecture between the two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from live_sentiment.core.types import Modality


@dataclass(frozen=True, slots=True)
class Tokens:
    """One modality of B windows, padded to T steps."""

    values: Tensor
    """Shape (B, T, width)."""
    mask: Tensor
    """Shape (B, T), bool: False on padding and for an absent modality."""
    times_s: Tensor
    """Shape (B, T), seconds relative to the window's end, ≤ 0."""
    quality: Tensor
    """Shape (B, T), in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Fused:
    """What a core makes of B windows."""

    vector: Tensor
    """Shape (B, out_dim)."""
    auxiliary: Tensor | None = None
    """A loss of the core's own, in training only: how far the modalities' vectors are from agreeing, say."""


class Core(nn.Module, ABC):
    """Base of all cores; holds for every subset of the modalities, the empty one included."""

    out_dim: int
    """Length of the vector; `width` unless a core says otherwise."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = self.out_dim = width

    @abstractmethod
    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Fuse; rows do not influence each other, except in `auxiliary`. All three modalities are keys."""
