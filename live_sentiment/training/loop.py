"""What every training repeats: one step down a loss after the other, and the search for the best number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor, nn


class Pace(Protocol):
    """How fast is learnt."""

    @property
    def learning_rate(self) -> float:
        """At its height."""
        ...

    @property
    def weight_decay(self) -> float:
        """Of AdamW."""
        ...


class Descent:
    """An optimiser with the course of its learning rate.

    Args:
        clip_norm: the longest that the gradient of all parameters may be; None for any.
    """

    def __init__(
        self,
        optimiser: torch.optim.Optimizer,
        rate: torch.optim.lr_scheduler.LRScheduler,
        clip_norm: float | None = None,
    ) -> None:
        self.optimiser, self.rate, self._clip_norm = optimiser, rate, clip_norm

    @classmethod
    def along_cosine(
        cls, module: nn.Module, pace: Pace, steps: int, clip_norm: float | None = None
    ) -> Descent:
        """AdamW; its rate falls to zero along a cosine."""
        optimiser = adamw(module, pace)
        return cls(optimiser, torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps), clip_norm)

    @classmethod
    def in_one_cycle(
        cls,
        module: nn.Module,
        pace: Pace,
        steps: int,
        clip_norm: float | None = None,
        *,
        rising: float = 0.3,
    ) -> Descent:
        """AdamW; its rate rises for a share of the steps and falls for the others (L. N. Smith 2018)."""
        optimiser = adamw(module, pace)
        rate = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, pace.learning_rate, total_steps=steps, pct_start=rising
        )
        return cls(optimiser, rate, clip_norm)

    def __call__(self, loss: Tensor) -> None:
        """One step."""
        self.optimiser.zero_grad()
        torch.autograd.backward(loss)
        if self._clip_norm is not None:
            learnt = [one for group in self.optimiser.param_groups for one in group["params"]]
            nn.utils.clip_grad_norm_(learnt, self._clip_norm)
        self.optimiser.step()
        self.rate.step()


def adamw(module: nn.Module, pace: Pace) -> torch.optim.AdamW:
    """AdamW over all parameters of a module."""
    return torch.optim.AdamW(module.parameters(), lr=pace.learning_rate, weight_decay=pace.weight_decay)


def best_factor(loss: Callable[[float], float], lowest: float, highest: float) -> float:
    """The factor, such as a temperature, with the least loss; looked for along its logarithm."""
    found = minimize_scalar(
        lambda log: loss(np.exp(log)), bounds=(np.log(lowest), np.log(highest)), method="bounded"
    )
    return float(np.exp(found.x))
