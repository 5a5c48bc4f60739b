"""The step that every training repeats, and the search for a factor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from live_sentiment.training.loop import Descent, best_factor


@dataclass(frozen=True)
class Quick:
    learning_rate: float = 0.1
    weight_decay: float = 0.0


@pytest.mark.parametrize("make", [Descent.along_cosine, Descent.in_one_cycle])
def test_a_descent_comes_down_and_its_rate_to_nothing(make: object) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(3, 1)
    given, wanted = torch.randn(64, 3), torch.zeros(64, 1)
    descend = make(layer, Quick(), 100)  # type: ignore[operator]
    losses = []
    for _ in range(100):
        loss = (layer(given) - wanted).square().mean()
        descend(loss)
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.1 * losses[0]
    assert descend.rate.get_last_lr()[0] < 1e-4


def test_a_step_is_no_longer_than_the_gradient_may_be() -> None:
    one = nn.Parameter(torch.tensor([3.0, 4.0]))
    optimiser = torch.optim.SGD([one], lr=1.0)
    rate = torch.optim.lr_scheduler.ConstantLR(optimiser, 1.0)
    before = one.detach().clone()
    Descent(optimiser, rate, clip_norm=0.5)(100 * one.sum())
    assert float((one.detach() - before).norm()) == pytest.approx(0.5, abs=1e-4)


def test_the_best_factor_is_found_along_its_logarithm() -> None:
    assert best_factor(lambda t: (math.log(t) - math.log(3.0)) ** 2, 0.05, 20.0) == pytest.approx(
        3.0, rel=1e-4
    )
