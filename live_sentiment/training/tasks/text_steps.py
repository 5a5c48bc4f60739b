"""One stage of training, step by step: optimiser, pace, moving average, and what is kept of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from live_sentiment.core.errors import RunError
from live_sentiment.sinks.atomic import BY_UMASK, written_aside
from live_sentiment.training.data.text_batches import Batch
from live_sentiment.training.loop import Descent
from live_sentiment.training.tasks.text_lora import TextNetwork
from live_sentiment.training.tasks.text_recipe import Stage, TuneSettings


class StageRun:
    """Optimiser, moving average and step of a stage."""

    def __init__(self, network: TextNetwork, stage: Stage, settings: TuneSettings, descent: int) -> None:
        self._network = network
        self._learnt = network.learnt()
        changes = [one for name, one in self._learnt.items() if not name.startswith("head.")]
        head = [one for name, one in self._learnt.items() if name.startswith("head.")]
        groups: list[dict[str, Any]] = [
            {"params": changes},
            {"params": head, "lr": stage.learning_rate * settings.head_pace},
        ]
        optimiser = torch.optim.AdamW(
            groups,
            lr=stage.learning_rate,
            weight_decay=settings.weight_decay,
        )
        warm = max(descent // 16, 1)

        def height(step: int) -> float:
            """A short rise, then half a cosine."""
            if step < warm:
                return (step + 1) / warm
            return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(descent - warm, 1)))

        self._descend = Descent(optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, height), 1.0)
        self._averaging = stage.averaging
        self.average = {name: one.detach().clone() for name, one in self._learnt.items()}
        self.step = 0
        self.loss = float("nan")

    def learn(self, batch: Batch) -> None:
        """One step.

        Raises:
            RunError: the loss is no number.
        """
        emotions, polarity = self._network(batch.ids, batch.mask, batch.read)
        loss = _loss(emotions + batch.emotion_log_prior, batch.emotions, batch.emotion_weight) + _loss(
            polarity + batch.polarity_log_prior, batch.polarity, batch.polarity_weight
        )
        if not torch.isfinite(loss):
            raise RunError(f"the loss is {loss.item()} at step {self.step}; a lower learning rate may help")
        self._descend(loss)
        self.step += 1
        self.loss = loss.item() if self.step == 1 else 0.98 * self.loss + 0.02 * loss.item()
        # The average of few steps is no average: it begins with what there is.
        keep = min(self._averaging, self.step / (self.step + 10))
        for name, one in self._learnt.items():
            self.average[name].lerp_(one.detach(), 1 - keep)

    def save(self, file: Path) -> None:
        """Keep all of it in `file`."""
        state = {
            "learnt": {name: one.detach() for name, one in self._learnt.items()},
            "average": self.average,
            "optimiser": self._descend.optimiser.state_dict(),
            "schedule": self._descend.rate.state_dict(),
            "random": torch.get_rng_state(),
            "step": self.step,
            "loss": self.loss,
        }
        with written_aside(file, mode=BY_UMASK) as aside:
            torch.save(state, aside)

    def restore(self, file: Path) -> None:
        """Take up what `file` keeps; nothing where there is none."""
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True)
        fill(self._learnt, state["learnt"])
        self.average = state["average"]
        self._descend.optimiser.load_state_dict(state["optimiser"])
        self._descend.rate.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        self.step, self.loss = state["step"], state["loss"]


def fill(parameters: Mapping[str, torch.nn.Parameter], values: Mapping[str, Tensor]) -> None:
    """Put values into parameters, by name."""
    with torch.no_grad():
        for name, one in parameters.items():
            one.copy_(values[name])


def _loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy over the texts of a batch, each with its weight."""
    return -(weights * (labels * torch.log_softmax(logits, dim=1)).sum(dim=1)).mean()
