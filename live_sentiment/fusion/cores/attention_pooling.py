"""h = Σ_i softmax_i(aᵀx_i) x_i over all tokens of all modalities: one learnt question, asked of all."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import log_quality


class AttentionPooling(Core):
    """Tokens of whichever modality compete for the same attention.

    The pooling of Z. Yang et al., "Hierarchical attention networks for document classification" (2016),
    without its hidden layer.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.question = nn.Linear(width, 1, bias=False)

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); zeros where there is nothing."""
        mask = torch.cat([tokens[name].mask for name in MODALITIES], dim=1)
        values = torch.cat([tokens[name].values for name in MODALITIES], dim=1)
        values = values.masked_fill(~mask[:, :, None], 0.0)
        bias = torch.cat([log_quality(tokens[name]) for name in MODALITIES], dim=1)
        weights = (self.question(values)[:, :, 0] + bias).softmax(dim=1)
        return Fused((weights[:, :, None] * values).sum(dim=1))
