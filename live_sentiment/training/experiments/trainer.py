"""The training loop: deterministic with a seed, on one device or several, and it can stop at any step.

What happens at a step depends on the configuration and on the state that a checkpoint holds, on nothing
else: the samples of an epoch are a function of its number, and every random generator is part of the state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.training.experiments.batch import Collator, ExperimentBatch, Targets
from live_sentiment.training.experiments.checkpoint import (
    load_model_state,
    model_state,
    random_state,
    restore_random_state,
    save_checkpoint,
    seed_everything,
)
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.loader import steps_of, training_batches
from live_sentiment.training.experiments.log import RunLog
from live_sentiment.training.experiments.model import ExperimentModel
from live_sentiment.training.experiments.objective import Objective
from live_sentiment.training.experiments.predict import figure, validate
from live_sentiment.training.experiments.reading import ExperimentData
from live_sentiment.training.experiments.regularise import draw_mixing, keep_modalities
from live_sentiment.training.experiments.schedule import LearningRate, build_optimiser, l1


class Progress(Protocol):
    """Is told how far the training is."""

    def __call__(self, step: int, steps: int, line: str) -> None:
        """Steps done, steps in all, and a line about how it goes."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training came to; the model is left in its best state."""

    epochs: int
    """Done, of those asked for."""
    best_epoch: int
    """Counted from 1."""
    best: float
    """The metric of the configuration on the validation data, in that epoch."""
    stopped_early: bool


class Trainer:
    """One training.

    Args:
        config: the experiment.
        model: fresh from its seed, on the accelerator's device; or of any state, with a checkpoint.
        data: what is learnt from and chosen by.
        collator: makes batches of it.
        folder: of the run; the checkpoint and the log lie in it.
        accelerator: knows the devices and the precision.
        identity: what a checkpoint must be of to go on from it.
        state: what `load_checkpoint` gave; None to begin.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        model: ExperimentModel,
        data: ExperimentData,
        collator: Collator,
        *,
        folder: Path,
        accelerator: Accelerator,
        identity: str,
        state: Mapping[str, Any] | None = None,
    ) -> None:
        self._config, self._data, self._collator = config, data, collator
        self._folder, self._accelerator, self._identity = folder, accelerator, identity
        size, processes = config.training.batch_size, accelerator.num_processes
        if size % processes:
            raise UsageError(f"training.batch_size={size} cannot be shared by {processes} devices evenly")
        self._per_epoch = steps_of(len(data.train.epoch(0)), size)
        self._steps = self._per_epoch * config.training.epochs
        self._objective = Objective(
            config.loss, config.fusion.heads, Targets.of(data.train.epoch(0)), accelerator.device
        )
        self._model = model
        if state is not None:
            load_model_state(model, state["model"])
        optimiser = build_optimiser(config.optimiser, model)
        self._rate = LearningRate(config.schedule, self._steps)
        self._wrapped, self._optimiser = accelerator.prepare(model, optimiser)
        self._step, self._waited, self._best_epoch = 0, 0, 0
        self._best_cost = math.inf
        self._best_model = model_state(model)
        if state is None:
            seed_everything(config.training.seed + accelerator.process_index)
        else:
            self._resume(state)

    def run(self, progress: Progress) -> Outcome:
        """Train to the end, or until nothing has got better for as long as the configuration waits.

        Raises:
            RunError: the loss is not a number any more.
        """
        training = self._config.training
        stopped = False
        with RunLog(self._folder, self._step, write=self._accelerator.is_main_process) as log:
            while self._step < self._steps and not (stopped := self._patience_is_over()):
                epoch, done = divmod(self._step, self._per_epoch)
                line = f"epoch {epoch + 1} of {training.epochs}"
                for batch in self._batches(epoch, done):
                    values = self._learn(batch)
                    self._step += 1
                    log.write("train", self._step, {"epoch": epoch + 1, **values})
                    progress(self._step, self._steps, f"{line}: loss {values['loss']:.3f}{self._so_far()}")
                    if self._step % training.checkpoint_steps == 0 and self._step % self._per_epoch:
                        self._save()
                figures = self._look(epoch + 1)
                log.write("validation", self._step, {"epoch": epoch + 1, **figures})
                self._save()
        self._accelerator.unwrap_model(self._wrapped, keep_fp32_wrapper=False)
        load_model_state(self._model, self._best_model)
        self._model.eval()
        return Outcome(self._step // self._per_epoch, self._best_epoch, self._told(self._best_cost), stopped)

    def _batches(self, epoch: int, done: int) -> Any:
        return training_batches(
            self._data.train.epoch(epoch),
            self._collator,
            self._config.training.batch_size,
            first=done,
            process=(self._accelerator.process_index, self._accelerator.num_processes),
            workers=self._config.data.workers,
        )

    def _learn(self, batch: ExperimentBatch) -> dict[str, float]:
        """One step; every loss by name, the gradient's norm and the learning rate."""
        config, accelerator = self._config, self._accelerator
        rate = self._rate.apply(self._optimiser.optimizer, self._step)
        batch = batch.to(accelerator.device)
        keep = keep_modalities(batch, config.training.modality_dropout)
        mixing = draw_mixing(batch, config.training.mixup)
        targets = self._objective.targets(batch.targets, mixing)
        self._wrapped.train()
        with accelerator.autocast():
            output = self._wrapped(batch, keep, mixing)
        losses = self._objective(output, targets)
        if config.optimiser.l1:
            losses["l1"] = config.optimiser.l1 * l1(self._model.parameters())
        total = torch.stack(list(losses.values())).sum()
        told = {name: self._mean(loss) for name, loss in losses.items()}
        self._must_be_finite(sum(told.values()), rate, told)
        accelerator.backward(total)
        if config.optimiser.clip_norm:
            norm = accelerator.clip_grad_norm_(self._model.parameters(), config.optimiser.clip_norm)
            told["gradient_norm"] = float(norm)
        self._optimiser.step()
        self._optimiser.zero_grad()
        return {"loss": sum(told[name] for name in losses), **told, "learning_rate": rate}

    def _look(self, epoch: int) -> dict[str, float]:
        """Measure on the validation data and keep the state if it is the best so far."""
        training = self._config.training
        loss, predictions = validate(
            self._model,
            self._data.validation,
            self._collator,
            self._objective,
            training.batch_size,
            autocast=self._accelerator.autocast,
        )
        figures = {"loss": loss, **figure(predictions, self._config.fusion.heads[0])}
        cost = self._cost(figures[training.metric])
        if cost < self._best_cost:
            self._best_cost, self._best_epoch, self._waited = cost, epoch, 0
            self._best_model = model_state(self._model)
        else:
            self._waited += 1
        self._rate.epoch_ended(cost)
        return figures

    def _cost(self, value: float) -> float:
        """Less is better; a figure that cannot be had is the worst."""
        if math.isnan(value):
            return math.inf
        return value if self._config.training.metric in {"loss", "mae"} else -value

    def _told(self, cost: float) -> float:
        return cost if self._config.training.metric in {"loss", "mae"} else -cost

    def _so_far(self) -> str:
        if not self._best_epoch:
            return ""
        return f", best validation {self._config.training.metric} {self._told(self._best_cost):.3f}"

    def _patience_is_over(self) -> bool:
        patience = self._config.training.patience
        return bool(patience) and self._waited >= patience and self._step % self._per_epoch == 0

    def _mean(self, loss: Tensor) -> float:
        """Over all processes: all of them must see the same, or one would wait for the others."""
        return float(self._accelerator.gather(loss.detach().float().reshape(1)).mean())

    def _must_be_finite(self, loss: float, rate: float, losses: Mapping[str, float]) -> None:
        if math.isfinite(loss):
            return
        broken = ", ".join(name for name, value in losses.items() if not math.isfinite(value))
        saved = self._folder / "checkpoint"
        raise RunError(
            f"the loss ({broken}) is {loss} at step {self._step + 1} with learning rate {rate:g}; "
            f"lower optimiser.learning_rate (now {self._config.optimiser.learning_rate:g}), set "
            "optimiser.clip_norm=1, or compute with training.precision=float32"
            + (f"; {saved} still holds the state before" if saved.is_file() else "")
        )

    def _save(self) -> None:
        generators = gather_object([random_state()])
        if not self._accelerator.is_main_process:
            return
        scaler = self._accelerator.scaler
        save_checkpoint(
            self._folder / "checkpoint",
            {
                "identity": self._identity,
                "step": self._step,
                "model": model_state(self._model),
                "optimiser": self._optimiser.optimizer.state_dict(),
                "rate": self._rate.state_dict(),
                "scaler": scaler.state_dict() if scaler is not None else None,
                "generators": generators,
                "best": {
                    "cost": self._best_cost,
                    "epoch": self._best_epoch,
                    "waited": self._waited,
                    "model": self._best_model,
                },
            },
        )

    def _resume(self, state: Mapping[str, Any]) -> None:
        self._step = state["step"]
        self._optimiser.optimizer.load_state_dict(state["optimiser"])
        self._rate.load_state_dict(state["rate"])
        if state["scaler"] is not None and self._accelerator.scaler is not None:
            self._accelerator.scaler.load_state_dict(state["scaler"])
        best = state["best"]
        self._best_cost, self._best_epoch, self._waited = best["cost"], best["epoch"], best["waited"]
        self._best_model = best["model"]
        number = self._accelerator.process_index
        if number < len(state["generators"]):
            restore_random_state(state["generators"][number])
