"""h = ∏_m x̄_m, element by element, over the modalities that are there."""

from __future__ import annotations

from collections.abc import Mapping

from live_sentiment.core.types import Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import means


class Product(Core):
    """The Hadamard product: the cheapest core in which modalities act on each other."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.out_dim = width

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); the absent are factors of one."""
        pooled, present = means(tokens)
        return Fused(pooled.masked_fill(~present[:, :, None], 1.0).prod(dim=1))
