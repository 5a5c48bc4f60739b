"""Vision by a small residual network from scratch, in colour."""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from live_sentiment.config import EncoderConfig
from live_sentiment.encoders.pictures import PictureEncoder
from live_sentiment.perception.face.expression import Convolution, Stage
from live_sentiment.weights.store import ModelStore

DEPTH = 3
SIZE_PX = 64


class SmallCnn(PictureEncoder):
    """A stem and `depth` stages that halve the picture and double the channels, and an average."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.dim = config.width
        self.size_px = config.size_px or SIZE_PX
        depth = config.depth or DEPTH
        widths = [max(config.width >> (depth - stage), 4) for stage in range(depth)] + [config.width]
        self.stem = Convolution(3, widths[0])
        self.stages = nn.Sequential(*(Stage(*pair) for pair in itertools.pairwise(widths)))
        self.dropout = nn.Dropout(config.dropout)

    def embed(self, pictures: Tensor) -> Tensor:
        """See `PictureEncoder`."""
        maps: Tensor = self.stages(self.stem(pictures).relu())
        embeddings: Tensor = self.dropout(maps.mean(dim=(2, 3)))
        return embeddings


def build(config: EncoderConfig, _store: ModelStore) -> SmallCnn:
    """An untrained network."""
    return SmallCnn(config)
