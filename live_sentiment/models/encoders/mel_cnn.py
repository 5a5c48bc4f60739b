"""Voice by convolutions over the log-mel picture, time against pitch, from scratch."""

from __future__ import annotations

import itertools

from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ
from live_sentiment.models.encoders.encoder import Encoded
from live_sentiment.models.encoders.mel import MELS, MelEncoder, frame_times
from live_sentiment.models.store.store import ModelStore

HOP = 160  # samples, 10 ms
DEPTH = 3


class MelStage(nn.Module):
    """A 3 × 3 convolution that halves time and pitch, and a norm of each moment by itself.

    A norm over time would let the padding, and the length of a sample, change what is said of a moment.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1)
        self.norm = nn.LayerNorm(outputs)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(B, inputs, L, F) with its mask (B, L) to (B, outputs, ⌈L / 2⌉, ⌈F / 2⌉) with its own."""
        mask = mask[:, ::2]
        x = self.norm(self.convolution(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return functional.gelu(x) * mask[:, None, :, None], mask


class MelCnn(MelEncoder):
    """One embedding each 2^depth frames of 10 ms."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, HOP)
        depth = config.depth or DEPTH
        widths = [1, *(max(config.width >> (depth - 1 - stage), 4) for stage in range(depth))]
        self.stages = nn.ModuleList(MelStage(*pair) for pair in itertools.pairwise(widths))
        bands = MELS
        for _ in range(depth):
            bands = -(-bands // 2)
        self.out = nn.Linear(widths[-1] * bands, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        x, left = (inputs * mask[:, :, None])[:, None], mask
        for stage in self.stages:
            x, left = stage(x, left)
        embeddings = self.out(self.dropout(x.transpose(1, 2).flatten(2))).float()
        hop_s = HOP * 2 ** len(self.stages) / SAMPLE_RATE_HZ
        return Encoded(embeddings, left, frame_times(left, hop_s))


def build(config: EncoderConfig, _store: ModelStore) -> MelCnn:
    """An untrained network."""
    return MelCnn(config)
