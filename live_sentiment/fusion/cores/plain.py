"""Cores without weights, of the means x̄_m of the modalities that are there."""

from __future__ import annotations

from collections.abc import Mapping

from live_sentiment.core.types import Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import mean_of_present, means


class Sum(Core):
    """h = Σ_m x̄_m: more witnesses make a longer vector."""

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); the absent add nothing."""
        pooled, _ = means(tokens)
        return Fused(pooled.sum(dim=1))


class Mean(Core):
    """h = Σ_m x̄_m / M over M modalities: of a size that does not depend on how many are there."""

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width)."""
        return Fused(mean_of_present(*means(tokens)))


class Product(Core):
    """h = ∏_m x̄_m, element by element: the cheapest core in which modalities act on each other."""

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); the absent are factors of one."""
        pooled, present = means(tokens)
        return Fused(pooled.masked_fill(~present[:, :, None], 1.0).prod(dim=1))
