"""Whose doing was it? Exact Shapley values of the modalities.

L. S. Shapley, "A value for n-person games" (1953): with N the set of players and v(S) what the players of S
reach without the others,

    φ_m = Σ_{S ⊆ N∖{m}}  |S|! (|N| − |S| − 1)! / |N|!  ·  (v(S ∪ {m}) − v(S)).

With three modalities all eight coalitions are run, so nothing is sampled. The values add up to v(N) − v(∅).
"""

from __future__ import annotations

from math import factorial

import torch
from torch import Tensor

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.batch import SUBSETS


def shapley_values(worth: Tensor) -> Tensor:
    """Signed Shapley values, shape (3,), in the order of MODALITIES.

    `worth` has shape (8,): the value of each of SUBSETS, in that order.

    Raises:
        ValueError: not eight values.
    """
    if worth.shape != (len(SUBSETS),):
        raise ValueError(f"worth needs shape ({len(SUBSETS)},), not {tuple(worth.shape)}")
    # Differences first: a modality that changes nothing gets exactly nothing, not a rounding error.
    gains = worth[_WITH.to(worth.device)] - worth[_WITHOUT.to(worth.device)]
    return (_WEIGHTS.to(worth) * gains).sum(dim=1)


def shares(effects: Tensor) -> Tensor:
    """Parts of the whole, |φ_m| / Σ|φ|, of the shape of `effects`; all zero where nothing had an effect."""
    sizes = effects.abs()
    total = sizes.sum()
    return sizes / total if total > 0 else sizes


_PLAYERS = len(MODALITIES)
_WITHOUT = torch.tensor(
    [[row for row, subset in enumerate(SUBSETS) if modality not in subset] for modality in MODALITIES]
)
"""Shape (3, 4): rows of SUBSETS without each modality ..."""
_WITH = _WITHOUT + 2 ** torch.arange(_PLAYERS)[:, None]
"""... and the same subsets with it."""
_WEIGHTS = torch.tensor(
    [
        [
            factorial(len(SUBSETS[row])) * factorial(_PLAYERS - len(SUBSETS[row]) - 1) / factorial(_PLAYERS)
            for row in rows
        ]
        for rows in _WITHOUT.tolist()
    ],
    dtype=torch.float64,
)
