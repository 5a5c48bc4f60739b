"""h = Σ_m x̄_m / M over the M modalities that are there."""

from __future__ import annotations

from collections.abc import Mapping

from live_sentiment.core.types import Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import mean_of_present, means


class Mean(Core):
    """As the sum, but of a size that does not depend on how many are there."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.out_dim = width

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width)."""
        return Fused(mean_of_present(*means(tokens)))
