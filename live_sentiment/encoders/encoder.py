"""What every encoder of the laboratory takes and gives.

An encoder is a torch module of one modality. `prepare` turns one raw sample into a tensor whose first
dimension may differ between samples; `forward` takes a padded batch of these and gives a sequence of
embeddings with its mask and its times.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from live_sentiment.types import FloatArray, ImageArray, Modality

Raw: TypeAlias = "str | FloatArray | ImageArray"
"""A text; sound, float32 (n,) at 16 kHz; or an upright picture of one face, uint8 (H, W, 3), RGB."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an encoder says of B samples, padded to T steps."""

    embeddings: Tensor
    """Shape (B, T, dim), float32."""
    mask: Tensor
    """Shape (B, T), bool: True where there is an embedding. Every sample has at least one."""
    times_s: Tensor
    """Shape (B, T), seconds relative to the sample's end, ≤ 0; all 0 where the input has no clock."""


class Encoder(nn.Module, ABC):
    """Base of all encoders."""

    modality: Modality
    dim: int
    """Size of an embedding."""
    fingerprint: str
    """SHA-256 of what the embeddings depend on: weights and settings. The key of cached features."""

    @abstractmethod
    def prepare(self, raw: Raw) -> Tensor:
        """One sample as `forward` takes it, (L, …), on the CPU.

        Raises:
            ValueError: the sample is empty or of another modality.
        """

    @abstractmethod
    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """Encode prepared samples padded to (B, L, …); `mask`, (B, L), bool, is False on padding."""


def pad(prepared: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Prepared samples as one batch: inputs (B, L, …) and their mask (B, L)."""
    inputs = nn.utils.rnn.pad_sequence(list(prepared), batch_first=True)
    lengths = torch.tensor([len(one) for one in prepared])
    return inputs, torch.arange(inputs.shape[1])[None] < lengths[:, None]
