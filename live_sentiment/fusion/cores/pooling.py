"""From the tokens of one modality to one vector: what most cores begin with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Tokens

QUALITY_FLOOR = 1e-4
"""What a look of no quality at all still weighs: a modality that has nothing better is read all the same."""
ABSENT = -1e9
"""Score of what is not there: its softmax weight is exactly zero next to anything that is."""


def weights_over_time(tokens: Tokens) -> Tensor:
    """Weight of each token, shape (B, T): its part of all quality; zeros for an absent modality."""
    weights = tokens.quality.clamp(min=QUALITY_FLOOR).masked_fill(~tokens.mask, 0.0)
    total = weights.sum(dim=1, keepdim=True)
    return weights / torch.where(total > 0, total, 1.0)


def mean_over_time(tokens: Tokens) -> Tensor:
    """Mean of the tokens weighted by quality, shape (B, width); zeros for an absent modality."""
    values = tokens.values.masked_fill(~tokens.mask[:, :, None], 0.0)
    return (weights_over_time(tokens)[:, :, None] * values).sum(dim=1)


def means(tokens: Mapping[Modality, Tokens]) -> tuple[Tensor, Tensor]:
    """Each modality's mean, shape (B, 3, width) in the order of MODALITIES, and who is there, (B, 3)."""
    pooled = torch.stack([mean_over_time(tokens[modality]) for modality in MODALITIES], dim=1)
    return pooled, presence(tokens)


def presence(tokens: Mapping[Modality, Tokens]) -> Tensor:
    """Shape (B, 3), bool, in the order of MODALITIES: which modalities say anything at all."""
    return torch.stack([tokens[modality].mask.any(dim=1) for modality in MODALITIES], dim=1)


def mean_of_present(vectors: Tensor, present: Tensor) -> Tensor:
    """Mean of those present of M vectors, (B, M, width) with (B, M): shape (B, width), zeros of none."""
    held = vectors.masked_fill(~present[:, :, None], 0.0)
    return held.sum(dim=1) / present.sum(dim=1, keepdim=True).clamp(min=1)


def quality_of(tokens: Tokens) -> Tensor:
    """Mean quality of a modality, shape (B,), good looks counting for more; 0 where it is absent."""
    return (weights_over_time(tokens) * tokens.quality.masked_fill(~tokens.mask, 0.0)).sum(dim=1)


def log_quality(tokens: Tokens) -> Tensor:
    """What is added to attention scores, shape (B, T): a token's weight is proportional to its quality."""
    # Where nothing is seen the floor is finite, for the softmax of nothing but -inf is not a number.
    return tokens.quality.clamp(min=QUALITY_FLOOR).log().masked_fill(~tokens.mask, ABSENT)


class StandIns(nn.Module):
    """A learnt vector in the place of each absent modality.

    Concatenation has a place for everybody. Zeros there would be an observation like any other; these vectors
    mean "nobody was here".
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(0.02 * torch.randn(len(MODALITIES), width))

    def forward(self, vectors: Tensor, present: Tensor) -> Tensor:
        """The vectors of those present, (B, 3, width) with (B, 3), and the stand-ins of the others."""
        return torch.where(present[:, :, None], vectors, self.vectors)
