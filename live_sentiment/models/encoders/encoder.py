"""What every encoder of experiments takes and gives.

An encoder is a torch module of one modality. `prepare` turns one raw sample into a tensor whose first
dimension may differ between samples; `forward` takes a padded batch of these and gives a sequence of
embeddings with its mask and its times.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ, FloatArray, ImageArray, Modality
from live_sentiment.models.encoders.source import Source

Raw: TypeAlias = "str | FloatArray | ImageArray"
"""A text; sound, float32 (n,) at 16 kHz; or an upright picture of one face, uint8, RGB (H, W, 3) or grey
(H, W), in the framing of `perception.face.align`."""


MAX_SOUND_S = 30
"""Longest sound that is heard: what Whisper has positions for, and a bound of memory for the others."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an encoder says of B samples, padded to T steps."""

    embeddings: Tensor
    """Shape (B, T, dim), float32."""
    mask: Tensor
    """Shape (B, T), bool: True where there is an embedding. Every sample has at least one."""
    times_s: Tensor
    """Shape (B, T), seconds relative to the sample's end, ≤ 0; all 0 where the input has no clock."""

    def pooled(self) -> Tensor:
        """One embedding a sample, (B, dim): the mean over its steps."""
        weights = self.mask[:, :, None].to(self.embeddings.dtype)
        return (self.embeddings * weights).sum(dim=1) / weights.sum(dim=1)


class Encoder(nn.Module, ABC):
    """Base of all encoders.

    Args:
        config: the settings it was built from.
        source: the pretrained weights it starts from; None where it is trained from scratch.
    """

    modality: Modality
    dim: int
    """Size of an embedding."""
    max_length: int | None = None
    """Longest prepared text; `prepare` cuts off what is over. None where there is no such limit."""

    def __init__(self, config: EncoderConfig, source: Source | None = None) -> None:
        super().__init__()
        self.config = config
        self.source = source
        self.trained: frozenset[str] = frozenset()
        """Names of the parameters and buffers that training changes; `build_encoder` fills it in."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what the embeddings depend on: weights and settings. The key of cached features."""
        described = {
            "settings": self.config.model_dump(mode="json", exclude={"source", "tune"}),
            "source": self.source.sha256 if self.source else None,
        }
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
        for name, tensor in sorted(self.state_dict().items()):
            if name in self.trained:
                digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
                digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
        return digest.hexdigest()

    def learn_words(self, texts: Iterable[str]) -> None:
        """Take the vocabulary from the training texts, before the optimiser is made.

        Does nothing in an encoder that knows its words already, or has nothing to do with any.
        """

    @abstractmethod
    def prepare(self, raw: Raw) -> Tensor:
        """One sample as `forward` takes it, (L, …), on the CPU.

        Raises:
            ValueError: the sample is empty or of another modality.
        """

    @abstractmethod
    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """Encode prepared samples padded to (B, L, …); `mask`, (B, L), bool, is False on padding."""

    def train(self, mode: bool = True) -> Self:
        """Switch to training: what is frozen stays as in use, without dropout and with fixed statistics."""
        super().train(mode)
        if mode:
            for module in self.modules():
                parameters = list(module.parameters())
                if parameters and not any(parameter.requires_grad for parameter in parameters):
                    module.eval()
        return self


def pad(prepared: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Prepared samples as one batch: inputs (B, L, …) and their mask (B, L)."""
    inputs = nn.utils.rnn.pad_sequence(list(prepared), batch_first=True)
    lengths = torch.tensor([len(one) for one in prepared])
    return inputs, torch.arange(inputs.shape[1])[None] < lengths[:, None]


def as_text(raw: Raw) -> str:
    """The raw sample as a text.

    Raises:
        ValueError: it is none, or an empty one.
    """
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError(f"a text encoder reads a text that is not empty, not {_kind(raw)}")
    return raw


def as_sound(raw: Raw) -> Tensor:
    """The raw sample as sound, float32 (n,); of more than MAX_SOUND_S only the end.

    Raises:
        ValueError: it is none, or an empty one.
    """
    if not isinstance(raw, np.ndarray) or raw.dtype != np.float32 or raw.ndim != 1 or not len(raw):
        raise ValueError(f"a voice encoder hears float32 sound of shape (n,), not {_kind(raw)}")
    return torch.from_numpy(np.ascontiguousarray(raw[-MAX_SOUND_S * SAMPLE_RATE_HZ :]))


def as_picture(raw: Raw) -> ImageArray:
    """The raw sample as a picture, uint8 (H, W, 3), RGB; a grey one gets three equal channels.

    Raises:
        ValueError: it is none, or an empty one.
    """
    if isinstance(raw, np.ndarray) and raw.dtype == np.uint8 and raw.size:
        if raw.ndim == 2:
            return np.repeat(raw[:, :, None], 3, axis=2).astype(np.uint8, copy=False)
        if raw.ndim == 3 and raw.shape[2] == 3:
            return raw.astype(np.uint8, copy=False)
    raise ValueError(f"a vision encoder sees a uint8 picture, (H, W, 3) or (H, W), not {_kind(raw)}")


def _kind(raw: Raw) -> str:
    return f"{raw.dtype} {raw.shape}" if isinstance(raw, np.ndarray) else repr(raw)[:40]
