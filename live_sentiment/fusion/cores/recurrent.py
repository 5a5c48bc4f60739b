"""Recurrent fusion: an LSTM reads each modality, one more reads what they say in order of time.

    s_m,1..T = LSTM_m(x_m,1..T)                                    each modality by itself
    h        = last state of LSTM(all s_m,t by ascending time)      all of them as one story

(S. Hochreiter and J. Schmidhuber, "Long short-term memory", 1997.) Of equal times the order is that of
MODALITIES. Whoever is absent adds no step.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Core, Fused, Tokens


class Recurrent(Core):
    """Late fusion in time; the last thing that happened weighs most unless the gates say otherwise."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.readers = nn.ModuleList(nn.LSTM(width, width, batch_first=True) for _ in MODALITIES)
        self.fusing = nn.LSTM(width, width, batch_first=True)

    def forward(self, tokens: Mapping[Modality, Tokens]) -> Fused:
        """Vector of shape (B, width); zeros where there is nothing."""
        states, masks, times = [], [], []
        for name, reader in zip(MODALITIES, self.readers, strict=True):
            one = tokens[name]
            values = one.values.masked_fill(~one.mask[:, :, None], 0.0)
            packed, mask, times_s = _to_front(values, one.mask, one.times_s)
            states.append(reader(packed)[0])
            masks.append(mask)
            times.append(times_s)
        merged, mask, _ = _to_front(
            torch.cat(states, dim=1), torch.cat(masks, dim=1), torch.cat(times, dim=1)
        )
        # The steps behind the last are never read: an LSTM does not look ahead.
        read = self.fusing(merged.masked_fill(~mask[:, :, None], 0.0))[0]
        last = (mask.sum(dim=1) - 1).clamp(min=0)
        vector = read[torch.arange(len(read), device=read.device), last]
        return Fused(vector.masked_fill(~mask.any(dim=1)[:, None], 0.0))


def _to_front(values: Tensor, mask: Tensor, times_s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Values (B, T, width), mask and times (B, T) by ascending time, what is masked behind the rest."""
    order = times_s.masked_fill(~mask, torch.inf).argsort(dim=1, stable=True)
    rows = torch.arange(len(values), device=values.device)[:, None]
    return values[rows, order], mask[rows, order], times_s[rows, order]
