"""Losses that bring together in a shared space what was seen, heard and said in the same window.

Both take the vectors of two modalities, scaled to length one, for the rows in which both are there. Row i of
one belongs to row i of the other, and to no other row of the batch.

InfoNCE (van den Oord et al., "Representation learning with contrastive predictive coding", 2018; in both
directions, as Radford et al., 2021, use it):

    L = −½ · mean_i [ log softmax_j(a_i·b_j / τ)_i + log softmax_j(b_i·a_j / τ)_i ]

Binary cross-entropy over all pairs of rows, each class weighing half (a matching head; with a bias, as in
X. Zhai et al., "Sigmoid loss for language image pre-training", 2023):

    L = −½ · mean_{i}   log σ(a_i·b_i / τ + β)  −  ½ · mean_{i≠j} log σ(−a_i·b_j / τ − β)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

START_TEMPERATURE = 0.1


def info_nce(first: Tensor, second: Tensor, temperature: Tensor | float) -> Tensor:
    """InfoNCE of unit vectors (N, width) each, a scalar in nats; N of at least two."""
    similarity = first @ second.T / temperature
    own = torch.arange(len(first), device=first.device)
    both = functional.cross_entropy(similarity, own) + functional.cross_entropy(similarity.T, own)
    return both / 2


def matching_bce(first: Tensor, second: Tensor, temperature: Tensor | float, bias: Tensor | float) -> Tensor:
    """Binary cross-entropy of "these belong together", of unit vectors (N, width) each; N of at least two."""
    logits = first @ second.T / temperature + bias
    own = torch.eye(len(first), dtype=torch.bool, device=first.device)
    return -(functional.logsigmoid(logits[own]).mean() + functional.logsigmoid(-logits[~own]).mean()) / 2


class Alignment(nn.Module):
    """The alignment head: a learnt temperature and bias, and the loss over all pairs of modalities."""

    def __init__(self, kind: Literal["none", "bce", "infonce", "both"]) -> None:
        super().__init__()
        self.kind = kind
        if kind != "none":
            self.log_temperature = nn.Parameter(torch.tensor(math.log(START_TEMPERATURE)))
        if kind in ("bce", "both"):
            self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, vectors: Tensor, present: Tensor) -> Tensor | None:
        """Mean loss over the pairs of modalities that two rows or more have; None where there is nothing to
        align.

        `vectors`, shape (B, M, width), of any length; `present`, (B, M), bool.
        """
        if self.kind == "none":
            return None
        unit = functional.normalize(vectors, dim=2)
        temperature = self.log_temperature.exp()
        losses: list[Tensor] = []
        for one, other in _pairs(vectors.shape[1]):
            rows = present[:, one] & present[:, other]
            if rows.sum() < 2:
                continue
            pair = unit[rows, one], unit[rows, other]
            if self.kind in ("infonce", "both"):
                losses.append(info_nce(*pair, temperature))
            if self.kind in ("bce", "both"):
                losses.append(matching_bce(*pair, temperature, self.bias))
        return torch.stack(losses).mean() if losses else None


def _pairs(count: int) -> Sequence[tuple[int, int]]:
    return [(one, other) for one in range(count) for other in range(one + 1, count)]
