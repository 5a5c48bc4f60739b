"""h = Σ_m x̄_m over the modalities that are there."""

from __future__ import annotations

from collections.abc import Mapping

from live_sentiment.core.types import Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import means


class Sum(Core):
    """More witnesses make a longer vector."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.out_dim = width

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); the absent add nothing."""
        pooled, _ = means(tokens)
        return Fused(pooled.sum(dim=1))
