"""How sure the trained model may be: fitted on validation data, once the training is over.

First each expert's temperatures (C. Guo et al., "On calibration of modern neural networks", 2017), then, with
the opinions so calibrated, the scale s of the fuser's evidence for each subset of the modalities:

    p(y | x)  =  softmax( log prior + s · evidence )
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.batch import SUBSETS, subset_masks
from live_sentiment.training.evaluation.classes import decided
from live_sentiment.training.evaluation.metrics import fit_temperature, negative_log_likelihood
from live_sentiment.training.experiments.batch import Collator, Targets
from live_sentiment.training.experiments.joint import Joint
from live_sentiment.training.experiments.loader import held_out_batches
from live_sentiment.training.experiments.model import ExperimentModel, ExperimentOutput
from live_sentiment.training.experiments.predict import outputs
from live_sentiment.training.loop import best_factor

FEWEST = 10
"""Samples with a label below which nothing is fitted: the figure would be chance."""
SCALES = (0.05, 20.0)
"""Where the scale is looked for."""
SMALLEST_SD = 0.05
"""Valence and arousal are never taken to be known better than this."""


def calibrate(model: ExperimentModel, joints: Sequence[Joint], collator: Collator, batch_size: int) -> None:
    """Fit all temperatures and scales of a model on validation samples."""
    targets = Targets.of(joints)
    model.temperatures.fill_(1.0)
    said = outputs(model, joints, collator, batch_size)
    for name, expert in said.experts.items():
        for column, (logits, labels) in enumerate(
            ((expert.emotions, targets.emotions), (expert.polarity, targets.polarity))
        ):
            rows = _labelled(labels) & expert.present.numpy()
            if rows.sum() >= FEWEST:
                temperature = fit_temperature(logits[rows], labels[rows])
                model.temperatures[MODALITIES.index(name), column] = temperature
    fuser = model.fuser
    fuser.emotion_scale.fill_(1.0)
    fuser.polarity_scale.fill_(1.0)
    for index, one in _by_subset(model, joints, collator, batch_size).items():
        if "emotions" in fuser.config.heads:
            fuser.emotion_scale[index] = _scale(one.emotion_logits, fuser.log_emotion_prior, targets.emotions)
        if "polarity" in fuser.config.heads:
            prior = fuser.log_polarity_prior
            fuser.polarity_scale[index] = _scale(one.polarity_logits, prior, targets.polarity)
        if "valence_arousal" in fuser.config.heads:
            error = (one.valence_arousal - targets.valence_arousal).square().nanmean(dim=0).sqrt()
            known = error.nan_to_num(nan=0.5).clamp(min=SMALLEST_SD)
            fuser.learnt_sd[index] = known.to(fuser.learnt_sd.device)


@torch.inference_mode()
def _by_subset(
    model: ExperimentModel, joints: Sequence[Joint], collator: Collator, batch_size: int
) -> Mapping[int, ExperimentOutput]:
    """What the model says with each subset of its modalities, by its number among SUBSETS; encoded once."""
    model.eval()
    device = model.temperatures.device
    masks = subset_masks(device)
    numbers = [index for index, subset in enumerate(SUBSETS) if subset and subset <= set(model.dims)]
    said: dict[int, list[ExperimentOutput]] = {index: [] for index in numbers}
    for batch in held_out_batches(joints, collator, batch_size):
        looked = model.look(batch.to(device))
        for index in numbers:
            said[index].append(model.fuse(looked, masks[index][None]))
    return {index: ExperimentOutput.joined(ones) for index, ones in said.items()}


def _scale(logits: Tensor, log_prior: Tensor, labels: Tensor) -> float:
    """The factor of the evidence that fits the labels best; 1 where there are hardly any."""
    rows = _labelled(labels)
    if rows.sum() < FEWEST:
        return 1.0
    prior = log_prior.cpu().double().numpy()
    evidence = logits[rows].double().numpy() - prior
    true = labels[rows].double().numpy()
    return best_factor(lambda s: negative_log_likelihood(prior + s * evidence, true), *SCALES)


def _labelled(labels: Tensor) -> NDArray[np.bool_]:
    """Shape (N,): which samples have a leading class."""
    return decided(labels.numpy())
