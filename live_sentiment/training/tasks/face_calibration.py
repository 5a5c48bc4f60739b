"""From scores to probabilities: how sharp they are, and under which prior they hold.

Everything is fitted on the clear validation faces, against the emotion that most annotators named.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from live_sentiment.core.types import EMOTIONS, FloatArray
from live_sentiment.models.face_pooling import Pooling
from live_sentiment.training.evaluation import metrics

PRIOR_EXPONENTS = tuple(step / 20 for step in range(21))
"""Class priors to choose from: frequency in the training pictures to this power, 0 being all alike."""

ENOUGH = 0.875
"""Accuracy on validation that the prior must reach: the flattest one that does is taken, so that rare
emotions are found as often as that allows. It is above the 86 % asked of the test faces by what validation
flatters."""

OFFSET_DEVIATION = 0.5
"""How far, as a standard deviation, the offsets are expected to lie from those that the class balance of the
training explains: a rare class has too few faces to fit them freely."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns scores into probabilities."""

    scale: float
    """What the network's own scores are divided by ..."""
    offset: FloatArray
    """... before this, shape (7,), is added."""
    temperature: float
    """What the logarithm of the pooled probabilities is divided by."""
    prior: FloatArray
    """Shape (7,), the class distribution under which the probabilities hold."""
    exponent: float
    """Of PRIOR_EXPONENTS, the one validation chose."""
    balance: FloatArray
    """Shape (7,), how often each emotion comes among the faces fitted on."""


@dataclass(frozen=True, slots=True)
class SecondSays:
    """The second network's part in the reading of N faces."""

    probabilities: FloatArray
    """Shape (N, 7)."""
    strangeness: FloatArray
    """Shape (N, 1), of the faces to the first network."""
    pooling: Pooling


def fit(scores: FloatArray, labels: NDArray[np.int64], expected: FloatArray) -> tuple[float, FloatArray]:
    """Temperature and offset (7,) under which softmax(scores / temperature + offset) fits the labels best.

    Temperature scaling with a bias per class (Guo et al. 2017), the bias drawn towards `expected`.
    """
    rows = np.arange(len(labels))

    def loss(values: NDArray[np.float64]) -> float:
        logs = log_softmax(scores / np.exp(values[0]) + values[1:], axis=1)
        strayed = ((values[1:] - expected) / OFFSET_DEVIATION) ** 2
        return float(strayed.sum() / 2 - logs[rows, labels].sum())

    found = minimize(loss, np.concatenate([[0.0], expected]), method="L-BFGS-B").x
    return float(np.exp(found[0])), np.asarray(found[1:], np.float32)


def calibrate(
    scores: FloatArray,
    labels: NDArray[np.int64],
    frequency: FloatArray,
    trained_under: FloatArray,
    second: SecondSays | None = None,
) -> Calibration:
    """Fit scale and offset to validation scores (N, 7), choose the prior, then fit the temperature.

    Args:
        scores: of clear faces, the network's own.
        labels: shape (N,), the emotion most annotators named.
        frequency: shape (7,), of the emotions among the training pictures.
        trained_under: shape (7,), the class distribution that was drawn in training.
        second: what a second network says of the same faces. Its own prior is not known: that of the pooled
            probabilities holds as far as the first network's does.

    Predicting under another class distribution than the faces came in is a shift of the scores by the log of
    their ratio (Saerens et al. 2002).
    """
    counts = np.bincount(labels, minlength=len(EMOTIONS)) + 0.5
    balance = np.asarray(counts / counts.sum(), np.float32)
    scale, offset = fit(scores, labels, np.log(balance / trained_under))
    for exponent in PRIOR_EXPONENTS:
        powered = frequency**exponent
        prior = np.asarray(powered / powered.sum(), np.float32)
        shifted = np.asarray(offset + np.log(prior / balance), np.float32)
        pooled = log_softmax(scores / scale + shifted, axis=1)
        if second:
            own, said, strange = map(torch.from_numpy, (pooled, second.probabilities, second.strangeness))
            pooled = second.pooling(own, said, strange, torch.from_numpy(np.log(prior))).numpy()
        confusion = metrics.confusion_matrix(labels, pooled.argmax(axis=1), len(EMOTIONS))
        if metrics.accuracy(confusion) >= ENOUGH:
            break
    weights = (prior / balance)[labels]
    temperature = metrics.fit_temperature(pooled, labels, weights)
    return Calibration(scale, shifted, temperature, prior, exponent, balance)
