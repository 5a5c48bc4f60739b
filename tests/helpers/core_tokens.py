"""Tokens for the cores made at random, and the same as plain arrays for formulas written out in loops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import torch

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores.core import Tokens

STEPS: Mapping[Modality, int] = {"text": 2, "voice": 3, "vision": 5}
WIDTH = 8
ROWS = 16

Seen: TypeAlias = list[tuple[np.ndarray, float, float]]
"""Value (WIDTH,), time and quality of every real token, in the order given."""


def make_tokens(seed: int = 0) -> dict[Modality, Tokens]:
    """ROWS rows; row i holds the (i mod 8)-th subset of the modalities, with holes and padding anywhere."""
    generator = torch.Generator().manual_seed(seed)
    tokens: dict[Modality, Tokens] = {}
    for bit, modality in enumerate(MODALITIES):
        steps = STEPS[modality]
        mask = torch.rand(ROWS, steps, generator=generator) < 0.7
        mask[torch.arange(ROWS), torch.randint(steps, (ROWS,), generator=generator)] = True
        there = torch.tensor([bool(row >> bit & 1) for row in range(ROWS)])
        tokens[modality] = Tokens(
            torch.randn(ROWS, steps, WIDTH, generator=generator),
            mask & there[:, None],
            -4 * torch.rand(ROWS, steps, generator=generator),
            0.2 + 0.8 * torch.rand(ROWS, steps, generator=generator),
        )
    return tokens


def seen(tokens: Mapping[Modality, Tokens], row: int) -> dict[Modality, Seen]:
    """What a row has: its present modalities alone, with their real tokens alone."""
    found: dict[Modality, Seen] = {}
    for modality, one in tokens.items():
        steps = [step for step in range(one.mask.shape[1]) if one.mask[row, step]]
        if steps:
            found[modality] = [
                (
                    one.values[row, step].double().numpy(),
                    float(one.times_s[row, step]),
                    float(one.quality[row, step]),
                )
                for step in steps
            ]
    return found


def mean_of(ones: Seen) -> np.ndarray:
    """Mean of the values by quality."""
    total = np.zeros(WIDTH)
    for value, _, quality in ones:
        total += value * quality
    return total / sum(quality for _, _, quality in ones)


def softmax(scores: list[float]) -> list[float]:
    """Of plain numbers."""
    sizes = [np.exp(score - max(scores)) for score in scores]
    return [float(size / sum(sizes)) for size in sizes]


def array(tensor: torch.Tensor) -> np.ndarray:
    """A weight as float64."""
    return np.asarray(tensor.detach().double().numpy())


def two_layers(module: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    """A perceptron with one hidden layer, by its weights."""
    first, _, second = module.children()
    hidden = np.maximum(array(first.weight) @ x + array(first.bias), 0)
    return np.asarray(array(second.weight) @ hidden + array(second.bias))
