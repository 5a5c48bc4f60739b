"""How the learning rate goes over the steps of a training, and who makes the steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from live_sentiment.training.experiments.config import OptimiserConfig, ScheduleConfig
from live_sentiment.training.experiments.model import ExperimentModel


class LearningRate:
    """The factor of the learning rate at each step.

        factor(t) = min(1, (t + 1) / warm-up) · shape(p) · drops of the plateau

    where p in [0, 1] is how much of what follows the warm-up has passed, and shape falls from 1 to the floor:
    cosine f + (1 − f)(1 + cos πp) / 2 (I. Loshchilov and F. Hutter, "SGDR", 2017), linear f + (1 − f)(1 − p).

    Args:
        config: which shape.
        steps: of the whole training.
    """

    def __init__(self, config: ScheduleConfig, steps: int) -> None:
        self._config = config
        self._steps = steps
        self._warm = round(config.warm_up * steps)
        self._factor = 1.0
        self._best = math.inf
        self._waited = 0

    def factor(self, step: int) -> float:
        """What multiplies the learning rate at this step, counted from 0."""
        config = self._config
        warm = min(1.0, (step + 1) / self._warm) if self._warm else 1.0
        passed = min(1.0, max(0, step - self._warm) / max(1, self._steps - self._warm))
        falling = {
            "constant": 1.0,
            "cosine": (1 + math.cos(math.pi * passed)) / 2,
            "linear": 1 - passed,
            "plateau": 1.0,
        }[config.name]
        shape = config.floor + (1 - config.floor) * falling
        return warm * shape * self._factor

    def apply(self, optimiser: torch.optim.Optimizer, step: int) -> float:
        """Set the rate of every group of parameters; gives the first one's."""
        factor = self.factor(step)
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] * factor
        return float(optimiser.param_groups[0]["lr"])

    def epoch_ended(self, cost: float) -> None:
        """Tell the plateau how it went; less is better."""
        if self._config.name != "plateau":
            return
        if cost < self._best:
            self._best, self._waited = cost, 0
            return
        self._waited += 1
        if self._waited >= self._config.patience:
            self._factor = max(self._config.floor, self._factor * self._config.factor)
            self._waited = 0

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"factor": self._factor, "best": self._best, "waited": self._waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Back from `state_dict`."""
        self._factor, self._best, self._waited = state["factor"], state["best"], state["waited"]


def build_optimiser(config: OptimiserConfig, model: ExperimentModel) -> torch.optim.Optimizer:
    """The optimiser over all that learns, encoders at their own rate, biases and norms without decay.

    With sgd and adam the weight decay is L2 in the gradient; with adamw it is decoupled (I. Loshchilov and
    F. Hutter, "Decoupled weight decay regularization", 2019).
    """
    rates = {True: config.encoder_learning_rate or config.learning_rate, False: config.learning_rate}
    groups: list[dict[str, Any]] = []
    for encoder in (False, True):
        named = [
            parameter
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and name.startswith("encoders.") == encoder
        ]
        for decayed in (True, False):
            chosen = [one for one in named if is_weight(one) == decayed]
            if chosen:
                groups.append(
                    {
                        "params": chosen,
                        "lr": rates[encoder],
                        "initial_lr": rates[encoder],
                        "weight_decay": config.weight_decay if decayed else 0.0,
                    }
                )
    if config.name == "sgd":
        return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum)
    if config.name == "adam":
        return torch.optim.Adam(groups, lr=config.learning_rate)
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def is_weight(parameter: nn.Parameter) -> bool:
    """Whether weight decay and L1 are for it: a matrix, not a bias or a norm."""
    return parameter.ndim > 1


def l1(parameters: Iterable[nn.Parameter]) -> torch.Tensor:
    """Sum of the absolute weights that learn, a scalar."""
    return torch.stack([one.abs().sum() for one in parameters if one.requires_grad and is_weight(one)]).sum()
