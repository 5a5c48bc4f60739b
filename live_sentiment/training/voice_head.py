"""Training of one voice head: a linear layer behind dropout, which is its regularisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from live_sentiment.training import metrics
from live_sentiment.training.voice_sessions import ImaginedSessions, Labelled, Mode, folds, play, statistics
from live_sentiment.types import FloatArray

DROPOUTS = (0.5, 0.7, 0.85)
"""Among these the regularisation is chosen, on speakers of the training folds."""
INNER_FOLDS = 4
"""A quarter of the training speakers chooses."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long a head is trained."""

    steps: int = 500
    batch: int = 256
    learning_rate: float = 2e-3
    """Of AdamW, falling to zero along a cosine."""
    weight_decay: float = 0.1
    label_smoothing: float = 0.05
    renew_steps: int = 25
    """The imagined sessions are drawn anew after so many steps."""


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


def train(data: Labelled, dropout: float, seed: int, schedule: Schedule) -> TrainedHead:
    """Train one head; the result depends on the arguments alone."""
    mean, deviation = statistics(data)
    sessions = ImaginedSessions(data, mean, deviation, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = nn.Linear(data.embedding.shape[1], len(data.names))
        optimiser = torch.optim.AdamW(
            layer.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
        )
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, schedule.steps)
        for step in range(schedule.steps):
            if step % schedule.renew_steps == 0:
                sessions.renew()
            embedding, label = sessions.batch(schedule.batch)
            logits = layer(functional.dropout(embedding, dropout))
            loss = functional.cross_entropy(logits, label, label_smoothing=schedule.label_smoothing)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            cosine.step()
    weight, bias = (parameter.detach().numpy() for parameter in layer.parameters())
    return TrainedHead(weight, bias, mean, deviation)


def choose_dropout(data: Labelled, seed: int, schedule: Schedule) -> float:
    """The dropout whose head, trained on three quarters of the speakers, reads the others best (UAR, both
    modes)."""
    held_out = folds(data, INNER_FOLDS, seed)[0]
    known, others = data.where(~held_out), data.where(held_out)

    def quality(dropout: float) -> float:
        head = train(known, dropout, seed, schedule)
        return sum(uar(head.logits(others, mode, seed), others, others.last) for mode in ("first", "session"))

    return max(DROPOUTS, key=quality)


def uar(logits: NDArray[np.float64], data: Labelled, chosen: NDArray[np.bool_]) -> float:
    """Unweighted average recall over the chosen windows."""
    confusion = metrics.confusion_matrix(data.label[chosen], logits[chosen].argmax(axis=1), len(data.names))
    return metrics.mean_recall(confusion)
