"""Vision by a small residual network from scratch, in colour."""

from __future__ import annotations

import itertools

from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import EncoderConfig
from live_sentiment.models.encoders.pictures import PictureEncoder
from live_sentiment.models.store.store import ModelStore

DEPTH = 3
SIZE_PX = 64


class PictureStage(nn.Module):
    """Halves the picture by a convolution and adds what a second one finds (K. He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.halve = nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False)
        self.halve_norm = nn.BatchNorm2d(outputs)
        self.refine = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.refine_norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / 2, W / 2)."""
        x = functional.relu(self.halve_norm(self.halve(x)))
        return functional.relu(x + self.refine_norm(self.refine(x)))


class SmallCnn(PictureEncoder):
    """`depth` stages that halve the picture and double the channels, and an average over what is left."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.dim = config.width
        self.size_px = config.size_px or SIZE_PX
        depth = config.depth or DEPTH
        widths = [3, *(max(config.width >> (depth - 1 - stage), 4) for stage in range(depth))]
        self.stages = nn.Sequential(*(PictureStage(*pair) for pair in itertools.pairwise(widths)))
        self.dropout = nn.Dropout(config.dropout)

    def embed(self, pictures: Tensor) -> Tensor:
        """See `PictureEncoder`."""
        maps: Tensor = self.stages(pictures)
        embeddings: Tensor = self.dropout(maps.mean(dim=(2, 3)))
        return embeddings


def build(config: EncoderConfig, _store: ModelStore) -> SmallCnn:
    """An untrained network."""
    return SmallCnn(config)
