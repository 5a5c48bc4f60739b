"""One space for all modalities: z_m = MLP_m(x̄_m), aligned by an auxiliary loss, then joined.

mlp:             h = MLP(mean over those present of z_m)
self-attention:  h = mean over those present of TransformerLayer({z_m})
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.alignment import Alignment
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import mean_of_present, means


class SharedSpace(Core):
    """A joint embedding: the same vector whether something was said, heard or seen."""

    def __init__(
        self,
        width: int,
        joint: Literal["mlp", "self-attention"],
        alignment: Literal["none", "bce", "infonce", "both"],
        attention_heads: int,
        dropout: float,
    ) -> None:
        super().__init__(width)
        self.spaces = nn.ModuleList(two_layers(width) for _ in MODALITIES)
        self.alignment = Alignment(alignment)
        self.joint: nn.Module
        if joint == "mlp":
            self.joint = two_layers(width)
        else:
            self.joint = nn.TransformerEncoderLayer(
                width,
                attention_heads,
                2 * width,
                dropout,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); the alignment's loss in training."""
        pooled, present = means(tokens)
        shared = self.embed(pooled)
        auxiliary = self.alignment(shared, present) if self.training else None
        if isinstance(self.joint, nn.TransformerEncoderLayer):
            # Who is absent must not be attended to; where nobody is there, attention to all is dropped later.
            hidden = ~present & present.any(dim=1, keepdim=True)
            joined = self.joint(shared, src_key_padding_mask=hidden)
            return Fused(mean_of_present(joined, present), auxiliary)
        return Fused(self.joint(mean_of_present(shared, present)), auxiliary)

    def embed(self, pooled: Tensor) -> Tensor:
        """Every modality's vector in the shared space, shape (B, 3, width) from (B, 3, width)."""
        return torch.stack([space(pooled[:, index]) for index, space in enumerate(self.spaces)], dim=1)


def two_layers(width: int) -> nn.Sequential:
    """W₂ relu(W₁ x + b₁) + b₂ of one width throughout."""
    return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
