"""Training of a learnt fuser on given features with nothing to choose: no validation, no early stopping.

For corpora from which no validation set can be carved. Every setting is fixed before the first look at the
test set and is the same for every fuser; seeds give the spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Expert, FloatArray, Modality
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.training.data.fusion_windows import select
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.loop import Descent

SMALLEST_SHARE = 1e-4
"""Prior of a class that the training data lack."""


@dataclass(frozen=True, slots=True)
class FixedRecipe:
    """How a fuser is trained; cross-entropy of the polarity."""

    epochs: int = 10
    batch: int = 64
    learning_rate: float = 1e-3
    """Of AdamW, falling to zero along a cosine."""
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    auxiliary_weight: float = 0.1
    """Of the core's own loss, where it has one."""
    clip_norm: float = 1.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """What brings each feature to mean 0 and deviation 1 on the training data."""

    mean: Mapping[Modality, FloatArray]
    """Shape (dim,) each."""
    deviation: Mapping[Modality, FloatArray]
    """Shape (dim,) each; 1 where a feature does not vary."""

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Scaling:
        """Statistics over all steps of all samples."""
        steps = {
            name: np.concatenate([sample.features[name] for sample in samples if name in sample.features])
            for name in MODALITIES
            if any(name in sample.features for sample in samples)
        }
        mean = {name: values.mean(axis=0) for name, values in steps.items()}
        deviation = {name: values.std(axis=0) for name, values in steps.items()}
        return cls(
            mean, {name: np.where(one > 0, one, 1).astype(np.float32) for name, one in deviation.items()}
        )

    def __call__(self, values: FloatArray, modality: Modality) -> FloatArray:
        """Steps (T, dim) scaled."""
        scaled: FloatArray = (values - self.mean[modality]) / self.deviation[modality]
        return scaled


def feature_batch(samples: Sequence[Sample], scaling: Scaling) -> FusionBatch:
    """Samples that come as features as windows without opinions; an absent modality is masked."""
    return FusionBatch({name: _sequence(samples, name, scaling) for name in MODALITIES})


def fit_fixed(
    batch: FusionBatch, polarity: Tensor, config: LearntConfig, recipe: FixedRecipe, seed: int
) -> LearntFuser:
    """Train a fuser on windows and polarity distributions (N, 3); one seed gives one result."""
    experts = stand_ins({name: batch.sequences[name].embeddings.shape[2] for name in MODALITIES})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fuser = LearntFuser(experts, config)
        shares = polarity.mean(dim=0).clamp(min=SMALLEST_SHARE)
        fuser.set_priors(torch.exp(fuser.log_emotion_prior), shares / shares.sum())
        steps = recipe.epochs * -(-len(batch) // recipe.batch)
        descend = Descent.along_cosine(fuser, recipe, steps, recipe.clip_norm)
        loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
        fuser.train()
        for _ in range(recipe.epochs):
            for rows in torch.split(torch.randperm(len(batch)), recipe.batch):
                said = fuser.read(select(batch, rows))
                loss = loss_of(said.output.polarity_logits, polarity[rows])
                if said.auxiliary is not None:
                    loss = loss + recipe.auxiliary_weight * said.auxiliary
                descend(loss)
    return fuser.eval()


def stand_ins(dims: Mapping[Modality, int]) -> dict[Modality, Expert]:
    """Experts that only say how wide the embeddings are."""
    emotions, polarity = (np.full(len(names), 1 / len(names), np.float32) for names in (EMOTIONS, POLARITIES))
    return {name: Expert(name, dims[name], emotions, polarity, "features", "") for name in MODALITIES}


def _sequence(samples: Sequence[Sample], name: Modality, scaling: Scaling) -> ModalitySequence:
    longest = max((len(one.features[name]) for one in samples if name in one.features), default=1)
    dim = len(scaling.mean[name]) if name in scaling.mean else 1
    values = np.zeros((len(samples), longest, dim), np.float32)
    mask = np.zeros((len(samples), longest), np.bool_)
    for row, sample in enumerate(samples):
        if name in sample.features:
            steps = scaling(sample.features[name], name)
            values[row, : len(steps)], mask[row, : len(steps)] = steps, True
    shape = len(samples), longest
    return ModalitySequence(
        torch.from_numpy(values),
        torch.full((*shape, len(EMOTIONS)), 1 / len(EMOTIONS)).log(),
        torch.full((*shape, len(POLARITIES)), 1 / len(POLARITIES)).log(),
        torch.zeros(shape),
        torch.from_numpy(mask).float(),
        torch.from_numpy(mask),
    )
