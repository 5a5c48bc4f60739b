"""Training of one voice head: linear layers behind dropout, which is their regularisation, and their mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.types import FloatArray
from live_sentiment.training.data.voice_sessions import ImaginedSessions, Labelled, Mode, play, statistics
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.loop import Descent

IMPOSSIBLE = -1e4
"""Logit of a class that the sample's corpus lacks: that says nothing about how such a voice sounds."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a head is trained, and how strictly.

    Fixed beforehand, on EmoDB's and nEMO's actors: nothing was chosen on RAVDESS.
    """

    steps: int = 300
    dropout: float = 0.8
    batch: int = 256
    learning_rate: float = 2e-3
    """Of AdamW, falling to zero along a cosine."""
    weight_decay: float = 0.1
    label_smoothing: float = 0.05
    renew_steps: int = 50
    """The imagined sessions are drawn anew after so many steps."""
    layers: int = 4
    """Trained from different chances; the mean of linear layers is one that says what they say on average."""


@dataclass(frozen=True, slots=True)
class TrainedHead:
    """A linear layer with the statistics that its input was normalised by."""

    weight: FloatArray
    bias: FloatArray
    mean: FloatArray
    deviation: FloatArray

    def logits(self, data: Labelled, mode: Mode, seed: int) -> NDArray[np.float64]:
        """Shape (N, classes), of windows played as a mode says."""
        normalised = play(data, self.mean, self.deviation, mode, seed).astype(np.float64)
        scores: NDArray[np.float64] = normalised @ self.weight.T.astype(np.float64) + self.bias
        return scores


def train(data: Labelled, seed: int, schedule: Schedule) -> TrainedHead:
    """Train one head; the result depends on the arguments alone."""
    mean, deviation = statistics(data)
    sessions = ImaginedSessions(data, mean, deviation, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [_layer(sessions, data, schedule) for _ in range(schedule.layers)]
    weight = torch.stack([layer.weight.detach() for layer in layers]).mean(dim=0)
    bias = torch.stack([layer.bias.detach() for layer in layers]).mean(dim=0)
    return TrainedHead(weight.numpy(), bias.numpy(), mean, deviation)


def _layer(sessions: ImaginedSessions, data: Labelled, schedule: Schedule) -> nn.Linear:
    """One layer, from the chance that torch and the sessions have just come to."""
    layer = nn.Linear(data.embedding.shape[1], len(data.names))
    descend = Descent.along_cosine(layer, schedule, schedule.steps)
    for step in range(schedule.steps):
        if step % schedule.renew_steps == 0:
            sessions.renew()
        embedding, label, possible = sessions.batch(schedule.batch)
        logits = layer(functional.dropout(embedding, schedule.dropout))
        descend(_loss(logits, label, possible, schedule.label_smoothing))
    return layer


def _loss(logits: Tensor, label: Tensor, possible: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy over the classes that each sample's corpus has."""
    spread = possible / possible.sum(dim=1, keepdim=True)
    target = (1 - smoothing) * functional.one_hot(label, possible.shape[1]) + smoothing * spread
    scores = logits.masked_fill(~possible, IMPOSSIBLE).log_softmax(dim=1)
    loss: Tensor = -(target * scores).sum(dim=1).mean()
    return loss


def uar(logits: NDArray[np.float64], data: Labelled, chosen: NDArray[np.bool_]) -> float:
    """Unweighted average recall over the chosen windows."""
    confusion = metrics.confusion_matrix(data.label[chosen], logits[chosen].argmax(axis=1), len(data.names))
    return metrics.mean_recall(confusion)
