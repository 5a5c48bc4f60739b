"""Vision by a transformer over patches, through transformers: a small one from scratch, or a pretrained one.

A. Dosovitskiy et al. 2021, "An image is worth 16x16 words".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.libraries import load_transformers
from live_sentiment.models.encoders.pictures import PictureEncoder
from live_sentiment.models.encoders.pretrained import TransformersEncoder, load_network
from live_sentiment.models.encoders.source import Source, fetch_source
from live_sentiment.models.store.store import ModelStore

DEPTH = 4
SIZE_PX = 112
PATCH_PX = 16
HEAD_SIZE = 32


class VisionTransformer(TransformersEncoder, PictureEncoder):
    """What the class token has gathered."""

    def __init__(self, config: EncoderConfig, source: Source | None, network: nn.Module) -> None:
        super().__init__(config, source, network)
        if getattr(network, "pooler", None) is not None:
            self.network.pooler = None
        self.dim = self.network.config.hidden_size
        self.size_px = self.network.config.image_size

    def behind_blocks(self) -> Sequence[str]:
        """See `TransformersEncoder`."""
        return ("layernorm.",)

    def embed(self, pictures: Tensor) -> Tensor:
        """See `PictureEncoder`."""

        def run() -> Tensor:
            tokens: Tensor = self.network(pixel_values=pictures).last_hidden_state
            return tokens

        tokens: Tensor = self.layers(run)
        return tokens[:, 0]


def build(config: EncoderConfig, store: ModelStore) -> VisionTransformer:
    """The network named as the source, or else an untrained one of `width`, `depth` and `size_px`.

    Raises:
        UsageError: no such source, no vision transformer, or a size that is no multiple of the patches'.
    """
    if config.source is not None:
        source = fetch_source(config.source, store)
        network = load_network(source, config)
        if not isinstance(getattr(network.config, "image_size", None), int):
            raise UsageError(f"{source.name} is no vision transformer")
        return VisionTransformer(config, source, network)
    size_px = config.size_px or SIZE_PX
    if size_px % PATCH_PX:
        raise UsageError(f"the encoder vit sees {PATCH_PX} px at a time: size_px={size_px} is no multiple")
    transformers = load_transformers()
    described = transformers.ViTConfig(
        hidden_size=config.width,
        num_hidden_layers=config.depth or DEPTH,
        num_attention_heads=config.width // math.gcd(config.width, HEAD_SIZE),
        intermediate_size=4 * config.width,
        image_size=size_px,
        patch_size=PATCH_PX,
        hidden_dropout_prob=config.dropout,
    )
    return VisionTransformer(config, None, transformers.ViTModel(described, add_pooling_layer=False))
