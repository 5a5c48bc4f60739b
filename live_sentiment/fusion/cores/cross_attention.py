"""Cross-modal attention: each modality asks the others what they saw, and when.

The tokens of one modality are the queries over the tokens of the *others* (the crossmodal transformer of
Tsai et al., "Multimodal transformer for unaligned multimodal language sequences", ACL 2019, with the time of
a token instead of its position); then each modality's tokens are pooled by attention and the pooled
modalities are averaged by their quality. A modality that is alone attends to one learnt token that stands for
"nobody else".
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import QUALITY_FLOOR, log_quality

PERIODS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Periods of the sines and cosines that encode time: from the distance of two words to four windows."""


class CrossAttention(Core):
    """The only core here in which a token can ask what happened elsewhere at its own time."""

    def __init__(self, width: int, attention_heads: int, dropout: float) -> None:
        super().__init__(width)
        self.times = nn.ModuleDict({name: TimeEncoding(width) for name in MODALITIES})
        self.crossings = nn.ModuleDict(
            {name: Crossing(width, attention_heads, dropout) for name in MODALITIES}
        )
        self.poolings = nn.ModuleDict({name: nn.Linear(width, 1) for name in MODALITIES})
        self.nobody = nn.Parameter(0.02 * torch.randn(1, 1, width))

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); zeros where there is nothing."""
        timed = {name: self._timed(name, tokens[name]) for name in MODALITIES}
        biases = {name: log_quality(tokens[name]) for name in MODALITIES}
        nobody = self.nobody.expand(len(timed["text"]), 1, self.width)
        pooled, qualities = [], []
        for name in MODALITIES:
            others = [other for other in MODALITIES if other != name]
            context = torch.cat([nobody, *(timed[other] for other in others)], dim=1)
            bias = torch.cat([torch.zeros_like(nobody[:, :, 0]), *(biases[other] for other in others)], dim=1)
            informed = self.crossings[name](timed[name], context, bias)
            weights = (self.poolings[name](informed)[:, :, 0] + biases[name]).softmax(dim=1)
            weights = weights * tokens[name].mask
            pooled.append((weights[:, :, None] * informed).sum(dim=1))
            quality = tokens[name].quality.masked_fill(~tokens[name].mask, 0.0)
            qualities.append((weights * quality).sum(dim=1))
        quality = torch.stack(qualities, dim=1)
        shares = quality / quality.sum(dim=1, keepdim=True).clamp(min=QUALITY_FLOOR)
        return Fused((torch.stack(pooled, dim=1) * shares[:, :, None]).sum(dim=1))

    def _timed(self, name: Modality, tokens: Tokens) -> Tensor:
        """Values with their time, shape (B, T, width); zeros on padding."""
        timed: Tensor = tokens.values + self.times[name](tokens.times_s)
        return timed.masked_fill(~tokens.mask[:, :, None], 0.0)


class TimeEncoding(nn.Module):
    """From seconds before the window's end, shape (B, T), to vectors (B, T, width)."""

    periods_s: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * len(PERIODS_S), width, bias=False)
        self.register_buffer("periods_s", torch.tensor(PERIODS_S))

    def forward(self, times_s: Tensor) -> Tensor:
        """A linear map of sines and cosines of every period."""
        phase = 2 * math.pi * times_s[:, :, None] / self.periods_s
        encoded: Tensor = self.linear(torch.cat([phase.sin(), phase.cos()], dim=2))
        return encoded


class Crossing(nn.Module):
    """One transformer block whose queries are one modality's tokens and whose keys are the others'."""

    def __init__(self, width: int, attention_heads: int, dropout: float) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(width)
        self.context_norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, attention_heads, dropout=dropout, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
        )

    def forward(self, tokens: Tensor, context: Tensor, bias: Tensor) -> Tensor:
        """Tokens (B, T, width) that have seen the context (B, S, width); `bias` (B, S) adds to its scores."""
        keys = self.context_norm(context)
        seen, _ = self.attention(
            self.query_norm(tokens), keys, keys, key_padding_mask=bias, need_weights=False
        )
        tokens = tokens + seen
        widened: Tensor = self.feed_forward(tokens)
        return tokens + widened
