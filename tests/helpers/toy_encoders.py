"""Encoders whose embeddings can be told by looking."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.models.encoders.encoder import Encoded, Encoder, Raw, as_picture, as_sound, as_text


class WordLengths(Encoder):
    """One embedding per word: its length; a second of time for each."""

    modality = "text"
    dim = 1

    def __init__(self) -> None:
        super().__init__(EncoderConfig(name="word-lengths"), None)
        self.factor = nn.Parameter(torch.ones(()))
        self.calls = 0

    def prepare(self, raw: Raw) -> Tensor:
        return torch.tensor([[float(len(word))] for word in as_text(raw).split()])

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        self.calls += 1
        after = mask.flip(1).cumsum(1).flip(1) - mask.long()
        return Encoded(inputs * self.factor, mask, -after.float())


class SoundLevels(Encoder):
    """One embedding per second of sound: its level."""

    modality = "voice"
    dim = 1

    def __init__(self) -> None:
        super().__init__(EncoderConfig(name="sound-levels"), None)

    def prepare(self, raw: Raw) -> Tensor:
        return as_sound(raw)[: len(as_sound(raw)) // 16_000 * 16_000].view(-1, 16_000).abs().mean(1)[:, None]

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        return Encoded(inputs, mask, torch.zeros(mask.shape))


class Colours(Encoder):
    """One embedding per picture: its mean red, green and blue, in [0, 1]."""

    modality = "vision"
    dim = 3

    def __init__(self) -> None:
        super().__init__(EncoderConfig(name="colours"), None)

    def prepare(self, raw: Raw) -> Tensor:
        return torch.from_numpy(as_picture(raw)).float().mean((0, 1))[None] / 255

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        return Encoded(inputs, mask, torch.zeros(mask.shape))
