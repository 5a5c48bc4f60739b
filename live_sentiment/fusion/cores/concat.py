"""h = [x̄_text; x̄_voice; x̄_vision]: the modalities side by side."""

from __future__ import annotations

from collections.abc import Mapping

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import StandIns, means


class Concat(Core):
    """Early fusion in its plainest form; x̄ is a modality's mean over time."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.out_dim = len(MODALITIES) * width
        self.stand_ins = StandIns(width)

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, 3 · width); a learnt vector stands in for who is absent."""
        pooled, present = means(tokens)
        return Fused(self.stand_ins(pooled, present).flatten(start_dim=1))
