"""Fits the text head on embeddings of several corpora at once, each with a class balance of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.models.text_emotion import TextHead
from live_sentiment.training.data.text_embeddings import EmbeddedTexts, Kind
from live_sentiment.training.evaluation.metrics import negative_log_likelihood
from live_sentiment.training.loop import Descent, best_factor

NEVER = 1e-6
"""Prior of a class that a corpus does not have: SST-2 knows no neutral, and says nothing against it."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a head is fitted; the defaults were chosen on development sets."""

    inner_size: int
    dropout: float = 0.3
    epochs: int = 8
    batch: int = 512
    """At most; small corpora get smaller ones."""
    learning_rate: float = 2e-3
    weight_decay: float = 0.3


def class_prior(distributions: FloatArray) -> FloatArray:
    """Mean of distributions (N, C), none below NEVER; shape (C,)."""
    mean = np.maximum(distributions.mean(axis=0), NEVER)
    prior: FloatArray = (mean / mean.sum()).astype(np.float32)
    return prior


def fit_head(sets: Sequence[tuple[EmbeddedTexts, float]], settings: FitSettings, seed: int) -> TextHead:
    """Fit a head by AdamW on soft cross-entropy with logit adjustment; emotions and polarity count alike.

    Args:
        sets: training sets, each with the weight of one of its variants in the loss.
    """
    torch.manual_seed(seed)
    embeddings = torch.cat([torch.from_numpy(one.embeddings).flatten(0, 1) for one, _ in sets])
    emotions = _targets(sets, "emotions", len(EMOTIONS))
    polarity = _targets(sets, "polarity", len(POLARITIES))
    mean, deviation = embeddings.mean(dim=0), embeddings.std(dim=0)
    embeddings.sub_(mean).div_(deviation)
    head = TextHead(embeddings.shape[1], settings.inner_size, settings.dropout).train()
    # A small corpus gets small batches, or there would be no steps to learn in.
    batch = min(settings.batch, max(len(embeddings) // 64, 16))
    batches = -(-len(embeddings) // batch)
    descend = Descent.in_one_cycle(head, settings, settings.epochs * batches)
    for _ in range(settings.epochs):
        for rows in torch.split(torch.randperm(len(embeddings)), batch):
            emotion_evidence, polarity_evidence = head(embeddings[rows])
            descend(emotions.loss(emotion_evidence, rows) + polarity.loss(polarity_evidence, rows))
    _unstandardise(head, mean, deviation)
    return head.eval().requires_grad_(False)


def fit_evidence_temperature(evidence: FloatArray, labels: FloatArray, prior: FloatArray) -> float:
    """The T for which softmax(evidence / T + log prior) fits labels (N, C) best; the prior stays as it is."""
    return best_factor(
        lambda t: negative_log_likelihood(evidence / t + np.log(prior), labels), lowest=0.1, highest=10.0
    )


@dataclass(frozen=True, slots=True)
class _Targets:
    labels: Tensor
    weights: Tensor
    log_priors: Tensor

    def loss(self, evidence: Tensor, rows: Tensor) -> Tensor:
        log_p = torch.log_softmax(evidence + self.log_priors[rows], dim=1)
        return -(self.weights[rows] * (self.labels[rows] * log_p).sum(dim=1)).mean()


def _targets(sets: Sequence[tuple[EmbeddedTexts, float]], kind: Kind, classes: int) -> _Targets:
    """Labels, weights and log priors row by row; a corpus without this kind of label weighs nothing."""
    labels, weights, log_priors = [], [], []
    for texts, weight in sets:
        count, variants = texts.embeddings.shape[:2]
        given = texts.labels(kind)
        shown = np.full((count, classes), 1 / classes, np.float32) if given is None else given
        rows = count * variants
        labels.append(torch.from_numpy(shown).repeat_interleave(variants, dim=0))
        weights.append(torch.full((rows,), 0.0 if given is None else weight))
        log_priors.append(torch.from_numpy(class_prior(shown)).log().expand(rows, classes))
    return _Targets(torch.cat(labels), torch.cat(weights), torch.cat(log_priors))


def _unstandardise(head: TextHead, mean: Tensor, deviation: Tensor) -> None:
    """Give the first layers weights for embeddings as they come, in place."""
    layers = [head.emotions, head.polarity]
    if isinstance(head.inner, nn.Sequential) and isinstance(head.inner[0], nn.Linear):
        layers = [head.inner[0]]
    with torch.no_grad():
        for layer in layers:
            layer.weight /= deviation
            layer.bias.sub_(layer.weight @ mean)
