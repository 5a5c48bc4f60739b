"""What a model says of samples, and how good that is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.experiments.batch import Collator, Targets
from live_sentiment.training.experiments.joint import Joint
from live_sentiment.training.experiments.loader import held_out_batches
from live_sentiment.training.experiments.model import ExperimentModel, ExperimentOutput

if TYPE_CHECKING:
    from live_sentiment.training.experiments.objective import Objective

Autocast = Callable[[], AbstractContextManager[object]]


@torch.inference_mode()
def outputs(
    model: ExperimentModel,
    joints: Sequence[Joint],
    collator: Collator,
    batch_size: int,
    *,
    modalities: Sequence[Modality] = MODALITIES,
    autocast: Autocast = nullcontext,
) -> ExperimentOutput:
    """What the model says of samples with no more than these modalities, on the CPU."""
    model.eval()
    device = model.temperatures.device
    keep = torch.tensor([[name in modalities for name in MODALITIES]], device=device)
    said: list[ExperimentOutput] = []
    for batch in held_out_batches(joints, collator, batch_size):
        with autocast():
            said.append(model(batch.to(device), keep))
    return ExperimentOutput.joined(said)


def predict(
    model: ExperimentModel,
    joints: Sequence[Joint],
    collator: Collator,
    batch_size: int = 64,
    *,
    modalities: Sequence[Modality] = MODALITIES,
) -> Predictions:
    """Calibrated probabilities and numbers of samples, beside what is true of them.

    `modalities` is what the fuser gets to see of them. Valence and arousal, and the score, are given only
    where the model learnt them.
    """
    return as_predictions(model, joints, outputs(model, joints, collator, batch_size, modalities=modalities))


def as_predictions(model: ExperimentModel, joints: Sequence[Joint], said: ExperimentOutput) -> Predictions:
    """What was said, as evaluations take it; of the classes only what was learnt, or follows from it."""
    heads = model.fuser.config.heads
    classes = "emotions" in heads or "polarity" in heads
    return Predictions.of(
        [joint.sample for joint in joints],
        emotion_probabilities=said.emotion_logits.softmax(dim=1).numpy() if "emotions" in heads else None,
        polarity_probabilities=said.polarity_logits.softmax(dim=1).numpy() if classes else None,
        valence_arousal=said.valence_arousal.numpy() if "valence_arousal" in heads else None,
        score=None if said.score is None else said.score.numpy(),
    )


def predict_alone(said: ExperimentOutput, joints: Sequence[Joint], modality: Modality) -> Predictions:
    """What a modality's own head says of those samples that have the modality."""
    expert = said.experts[modality]
    rows: NDArray[np.int64] = np.flatnonzero(expert.present.numpy())
    return Predictions.of(
        [joints[row].sample for row in rows],
        emotion_probabilities=expert.emotions[rows].softmax(dim=1).numpy(),
        polarity_probabilities=expert.polarity[rows].softmax(dim=1).numpy(),
    )


def validate(
    model: ExperimentModel,
    joints: Sequence[Joint],
    collator: Collator,
    objective: Objective,
    batch_size: int,
    *,
    autocast: Autocast = nullcontext,
) -> tuple[float, Predictions]:
    """The loss of the fuser's heads over all of the samples, and what is said of them."""
    said = outputs(model, joints, collator, batch_size, autocast=autocast)
    return objective.of_heads(said, Targets.of(joints)), as_predictions(model, joints, said)


def figure(predictions: Predictions, head: str) -> dict[str, float]:
    """The figures of one head by name; of valence and arousal their mean. NaN where there are none."""
    tasks = {"valence_arousal": ("valence", "arousal")}.get(head, (head,))
    found = [one.estimates for one in measure(predictions, resamples=0) if one.task in tasks]
    if not found:
        return {}
    names = found[0]
    return {name: math.fsum(one[name].value for one in found) / len(found) for name in names}
