"""Mixture of experts over several shared spaces:

    h_k = mean over those present of MLP_{k,m}(x̄_m)          the window as space k has it
    g   = softmax(W · mean over those present of x̄_m + b)     which space this window belongs in
    h   = Σ_k g_k h_k

Left alone, the gate comes to choose one space for everything; the auxiliary loss keeps all of them in use. It
is the squared coefficient of variation of the spaces' total gates over the batch (N. Shazeer et al.,
"Outrageously large neural networks", 2017, their importance loss).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens
from live_sentiment.fusion.cores.pooling import mean_of_present, means
from live_sentiment.fusion.cores.shared_space import two_layers


class MetaSpace(Core):
    """Several shared spaces, each for a kind of window, and a gate that mixes them."""

    def __init__(self, width: int, spaces: int) -> None:
        super().__init__(width)
        self.spaces = nn.ModuleList(
            nn.ModuleList(two_layers(width) for _ in MODALITIES) for _ in range(spaces)
        )
        self.gate = nn.Linear(width, spaces)

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); the importance loss in training."""
        pooled, present = means(tokens)
        gates = self.gate(mean_of_present(pooled, present)).softmax(dim=1)
        in_spaces = torch.stack([_embed(space, pooled, present) for space in self.spaces], dim=1)
        auxiliary = importance_loss(gates[present.any(dim=1)]) if self.training else None
        return Fused((gates[:, :, None] * in_spaces).sum(dim=1), auxiliary)


def importance_loss(gates: Tensor) -> Tensor:
    """Squared coefficient of variation of the spaces' sums of gates, a scalar, of gates (N, spaces)."""
    importance = gates.sum(dim=0)
    mean = importance.mean()
    # Without rows nothing is uneven.
    return importance.var(correction=0) / torch.where(mean > 0, mean, 1.0) ** 2


def _embed(space: nn.Module, pooled: Tensor, present: Tensor) -> Tensor:
    of_modality = list(space.children())
    embedded = torch.stack([of_modality[index](pooled[:, index]) for index in range(len(MODALITIES))], dim=1)
    return mean_of_present(embedded, present)
