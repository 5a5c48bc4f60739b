"""Fitting the fusers on labelled windows: what the experts are worth, alone and together.

The weights of the product of experts are fitted on validation windows alone: on the samples that the experts
were trained on they would look better than they are. A learnt fuser needs many more samples and so learns
from training windows; which of its states is kept, and how sure it may be, is again decided on validation
windows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import Expert, Modality
from live_sentiment.fusion.batch import subset_masks
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.fusion.product_of_experts import HIGHEST_WEIGHT, ProductOfExperts
from live_sentiment.sinks.atomic import BY_UMASK, written_aside
from live_sentiment.training.data.fusion_windows import Source, Targets, Windows, only
from live_sentiment.training.data.pairing import drop_modalities
from live_sentiment.training.loop import Descent
from live_sentiment.training.tasks.fusion_calibration import calibrate, minimise
from live_sentiment.training.tasks.losses import cross_entropy

Progress = Callable[[int, str], None]
"""Called with the number of steps done and a line about how it goes."""

POLARITY_WEIGHT = 0.5
"""Of the polarity's cross-entropy beside that of the emotions, which say more."""

AUXILIARY_WEIGHT = 0.1
"""Of a core's own loss beside what it is trained for."""

START_WEIGHT = 0.3
"""First guess of the weights in the product of experts."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a learnt fuser learns, and on how many windows is decided and measured."""

    steps: int = 1500
    batch: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    validate_every: int = 250
    validation_windows: int = 3072
    test_windows: int = 4096


def fit_product(
    experts: Mapping[Modality, Expert], validation: Source, schedule: Schedule, seed: int
) -> ProductOfExperts:
    """The product of experts with the weights and offsets that fit windows of `validation` best.

    A weight stays between zero and HIGHEST_WEIGHT: an expert may be ignored, but not believed in reverse.
    """
    fuser = ProductOfExperts(experts, unmoved=None)
    windows = validation.held_out(schedule.validation_windows, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for weights in (fuser.emotion_weights, fuser.polarity_weights):
            # Beyond HIGHEST_WEIGHT the loss is flat and leads nowhere: begin well below.
            weights.fill_(START_WEIGHT)
    known = windows.targets(windows.batch.present)
    fitted = []
    if known.emotions is not None:
        fitted += [fuser.emotion_weights, fuser.emotion_offsets]
    if known.polarity is not None:
        fitted += [fuser.polarity_weights, fuser.polarity_offsets]
    minimise(lambda: _loss_over_subsets(fuser, windows), fitted)
    with torch.no_grad():
        # Where nothing is known of the one, an expert is believed in it as much as in the other.
        if known.emotions is None:
            fuser.emotion_weights.copy_(fuser.polarity_weights)
        if known.polarity is None:
            fuser.polarity_weights.copy_(fuser.emotion_weights)
        for weights in (fuser.emotion_weights, fuser.polarity_weights):
            # A modality outside the subset was never looked at; its weight there has no meaning.
            weights.copy_(weights.clamp(0.0, HIGHEST_WEIGHT) * subset_masks())
    return fuser.eval()


class FuserTraining:
    """Training of a learnt fuser that can be interrupted and taken up again.

    Args:
        experts: whose embeddings and opinions the pools hold.
        config: the fuser's architecture.
        train, validation: windows of the two splits.
        schedule: how long and how fast.
        seed: of the initial weights, the windows, the dropout; one seed gives one result on one machine.
        checkpoint: file that holds the state after each validation, None to keep none.
    """

    def __init__(
        self,
        experts: Mapping[Modality, Expert],
        config: LearntConfig,
        train: Source,
        validation: Source,
        schedule: Schedule,
        *,
        seed: int,
        checkpoint: Path | None = None,
    ) -> None:
        torch.manual_seed(seed)
        self._schedule = schedule
        self._train = train
        self._checkpoint = checkpoint
        self._generator = torch.Generator().manual_seed(seed)
        self._held_out = validation.held_out(schedule.validation_windows, torch.Generator().manual_seed(seed))
        self._fuser = LearntFuser(experts, config)
        self._descend = Descent.in_one_cycle(self._fuser, schedule, schedule.steps, 1.0, rising=0.1)
        self._identity = {
            "schedule": asdict(schedule),
            "config": config.model_dump(mode="json"),
            "heads": {modality: expert.sha256 for modality, expert in experts.items()},
        }
        self._step = 0
        self._best: dict[str, Any] = {"loss": float("inf"), "weights": self._fuser.state_dict()}
        if checkpoint is not None and checkpoint.is_file():
            state = torch.load(checkpoint, weights_only=True)
            # One of another schedule or other heads is of another training: it is written over.
            if state["identity"] == self._identity:
                self._resume(state)

    def run(self, progress: Progress) -> LearntFuser:
        """Train to the end; the state that is best on validation windows, calibrated on them."""
        while self._step < self._schedule.steps:
            loss = self._learn()
            self._step += 1
            if self._step % self._schedule.validate_every == 0 or self._step == self._schedule.steps:
                self._validate()
            progress(self._step, f"loss {loss:.3f}, best on validation {self._best['loss']:.3f}")
        self._fuser.load_state_dict(self._best["weights"])
        self._fuser.eval()
        calibrate(self._fuser, self._held_out.batch, self._held_out.targets)
        return self._fuser

    def _learn(self) -> float:
        windows = self._train.draw(self._schedule.batch, self._generator)
        keep = drop_modalities(self._schedule.batch, self._generator)
        self._fuser.train()
        read = self._fuser.read(windows.batch.keeping(keep))
        loss = _loss(read.output, windows.targets(keep))
        if read.auxiliary is not None:
            loss = loss + AUXILIARY_WEIGHT * read.auxiliary
        self._descend(loss)
        return float(loss.detach())

    def _validate(self) -> None:
        self._fuser.eval()
        loss = validation_loss(self._fuser, self._held_out)
        if loss < self._best["loss"]:
            weights = {name: tensor.clone() for name, tensor in self._fuser.state_dict().items()}
            self._best = {"loss": loss, "weights": weights}
        if self._checkpoint is not None:
            with written_aside(self._checkpoint, mode=BY_UMASK) as aside:
                torch.save(self._state(), aside)

    def _state(self) -> dict[str, Any]:
        return {
            "identity": self._identity,
            "step": self._step,
            "weights": self._fuser.state_dict(),
            "optimiser": self._descend.optimiser.state_dict(),
            "learning_rate": self._descend.rate.state_dict(),
            "best": self._best,
            "windows_generator": self._generator.get_state(),
            "dropout_generator": torch.get_rng_state(),
        }

    def _resume(self, state: Mapping[str, Any]) -> None:
        self._step = state["step"]
        self._fuser.load_state_dict(state["weights"])
        self._descend.optimiser.load_state_dict(state["optimiser"])
        self._descend.rate.load_state_dict(state["learning_rate"])
        self._best = dict(state["best"])
        self._generator.set_state(state["windows_generator"])
        torch.set_rng_state(state["dropout_generator"])


def validation_loss(fuser: Fuser, windows: Windows) -> float:
    """Mean loss over the seven subsets of modalities that are not empty."""
    with torch.inference_mode():
        return float(_loss_over_subsets(fuser, windows))


def _loss_over_subsets(fuser: Fuser, windows: Windows) -> Tensor:
    losses = []
    for keep in subset_masks()[1:]:
        rows = keep.expand(len(windows.batch), -1)
        losses.append(_loss(fuser(only(windows.batch, keep)), windows.targets(rows)))
    return torch.stack(losses).mean()


def _loss(output: FusionOutput, targets: Targets) -> Tensor:
    """Cross-entropy against soft targets, in nats."""
    loss = torch.zeros(())
    if targets.emotions is not None:
        loss = loss + cross_entropy(output.emotion_logits, targets.emotions)
    if targets.polarity is not None:
        loss = loss + POLARITY_WEIGHT * cross_entropy(output.polarity_logits, targets.polarity)
    return loss
