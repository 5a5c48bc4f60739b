"""The cores of the learnt fusers, in small files: tokens of all modalities in, one vector out."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from live_sentiment.core.config import CoreName, LearntConfig
from live_sentiment.fusion.cores.attention_pooling import AttentionPooling
from live_sentiment.fusion.cores.concat import Concat
from live_sentiment.fusion.cores.core import Core
from live_sentiment.fusion.cores.cross_attention import CrossAttention
from live_sentiment.fusion.cores.meta_space import MetaSpace
from live_sentiment.fusion.cores.plain import Mean, Product, Sum
from live_sentiment.fusion.cores.recurrent import Recurrent
from live_sentiment.fusion.cores.shared_space import SharedSpace
from live_sentiment.fusion.cores.weighted import Weighted

CORES: Mapping[CoreName, Callable[[LearntConfig], Core]] = {
    "concat": lambda config: Concat(config.width),
    "sum": lambda config: Sum(config.width),
    "mean": lambda config: Mean(config.width),
    "product": lambda config: Product(config.width),
    "weighted": lambda config: Weighted(config.width),
    "attention-pooling": lambda config: AttentionPooling(config.width),
    "cross-attention": lambda config: CrossAttention(config.width, config.attention_heads, config.dropout),
    "shared-space": lambda config: SharedSpace(
        config.width, config.joint, config.alignment, config.attention_heads, config.dropout
    ),
    "meta-space": lambda config: MetaSpace(config.width, config.spaces),
    "recurrent": lambda config: Recurrent(config.width),
}
"""How each core is made."""
