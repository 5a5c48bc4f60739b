"""Vision by ResNet through transformers: ResNet-18 or -50 from scratch, or any pretrained one.

K. He et al. 2016, "Deep residual learning for image recognition".
"""

from __future__ import annotations

from typing import Any

from torch import nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.libraries import load_transformers
from live_sentiment.models.encoders.pictures import source_size_px
from live_sentiment.models.encoders.pretrained import load_network
from live_sentiment.models.encoders.source import Source, fetch_source
from live_sentiment.models.encoders.staged import StagedEncoder
from live_sentiment.models.store.store import ModelStore

DEPTH = 18
SHAPES: dict[int, dict[str, Any]] = {
    18: {"depths": [2, 2, 2, 2], "hidden_sizes": [64, 128, 256, 512], "layer_type": "basic"},
    50: {"depths": [3, 4, 6, 3], "hidden_sizes": [256, 512, 1024, 2048], "layer_type": "bottleneck"},
}
SCRATCH_SIZE_PX = 112
PRETRAINED_SIZE_PX = 224


class ResNet(StagedEncoder):
    """The average of its last map."""

    def __init__(self, config: EncoderConfig, source: Source | None, network: nn.Module) -> None:
        resnet: Any = network
        super().__init__(
            config,
            source,
            resnet.embedder,
            list(resnet.encoder.stages),
            resnet.config.hidden_sizes,
        )
        known = source_size_px(source, PRETRAINED_SIZE_PX) if source else SCRATCH_SIZE_PX
        self.size_px = config.size_px or known


def build(config: EncoderConfig, store: ModelStore) -> ResNet:
    """The network named as the source, or else an untrained one of `depth` layers.

    Raises:
        UsageError: no such source, no ResNet, or a depth that there is not.
    """
    if config.source is not None:
        source = fetch_source(config.source, store)
        network = load_network(source, config)
        if not (hasattr(network, "embedder") and hasattr(getattr(network, "encoder", None), "stages")):
            raise UsageError(f"{source.name} is no ResNet")
        return ResNet(config, source, network)
    depth = config.depth or DEPTH
    if depth not in SHAPES:
        raise UsageError(f"ResNet from scratch has depth 18 or 50, not {depth}")
    transformers = load_transformers()
    described = transformers.ResNetConfig(embedding_size=64, **SHAPES[depth])
    return ResNet(config, None, transformers.ResNetModel(described))
