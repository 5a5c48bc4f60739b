"""h = Σ_m g_m x̄_m with gates g = softmax over those present of w_m·x̄_m + b_m: who is to be believed now.

The gate of each modality is learnt from what it says itself (as in J. Arevalo et al., "Gated multimodal units
for information fusion", 2017, with a softmax instead of the sigmoids, so that the weights of those present
add up to one).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import ABSENT, QUALITY_FLOOR, means, quality_of


class Weighted(Core):
    """Learnt gates; a modality of half the quality has half the weight."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.gates = nn.ModuleList(nn.Linear(width, 1) for _ in MODALITIES)

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); zeros where there is nothing."""
        pooled, _ = means(tokens)
        return Fused((self.weights(tokens)[:, :, None] * pooled).sum(dim=1))

    def weights(self, tokens: Mapping[Modality, Tokens]) -> Tensor:
        """The gates, shape (B, 3) in the order of MODALITIES: zero for the absent, else adding up to one."""
        pooled, present = means(tokens)
        scores = torch.cat([gate(pooled[:, index]) for index, gate in enumerate(self.gates)], dim=1)
        quality = torch.stack([quality_of(tokens[name]) for name in MODALITIES], dim=1)
        scores = scores + quality.clamp(min=QUALITY_FLOOR).log()
        return scores.masked_fill(~present, ABSENT).softmax(dim=1) * present
