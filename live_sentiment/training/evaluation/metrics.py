"""How good a classifier is, and how far its probabilities can be believed.

All functions take class numbers as integer arrays of shape (N,), probabilities or logits of shape (N, C), and
labels that may also be soft: an (N, C) distribution over the classes, as several annotators give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax

from live_sentiment.training.loop import best_factor

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

TEMPERATURE_RANGE = (0.05, 20.0)
"""Where `fit_temperature` looks."""


def confusion_matrix(labels: ArrayLike, predicted: ArrayLike, classes: int) -> Counts:
    """Counts of shape (classes, classes): row the true class, column the predicted one.

    Raises:
        ValueError: the lengths differ, or a class number is outside [0, classes).
    """
    true, guess = np.asarray(labels, np.int64), np.asarray(predicted, np.int64)
    if true.shape != guess.shape or true.ndim != 1:
        raise ValueError(f"labels {true.shape} and predictions {guess.shape} must be of one shape (N,)")
    for name, values in (("label", true), ("prediction", guess)):
        if values.size and (values.min() < 0 or values.max() >= classes):
            raise ValueError(f"a {name} is outside 0..{classes - 1}")
    return np.bincount(true * classes + guess, minlength=classes**2).reshape(classes, classes)


def accuracy(confusion: Counts) -> float:
    """Share of samples on the diagonal; NaN without samples."""
    total = int(confusion.sum())
    return float(np.trace(confusion) / total) if total else float("nan")


def recalls(confusion: Counts) -> Floats:
    """Recall of every class, shape (C,); NaN for a class without samples."""
    support = confusion.sum(axis=1)
    hits = np.diag(confusion).astype(np.float64)
    share: Floats = np.full(len(support), np.nan)
    np.divide(hits, support, out=share, where=support > 0)
    return share


def mean_recall(confusion: Counts) -> float:
    """Unweighted average recall (UAR) over the classes that have samples; chance is 1 / classes."""
    seen = recalls(confusion)
    return float(np.nanmean(seen)) if not np.isnan(seen).all() else float("nan")


def weighted_f1(confusion: Counts) -> float:
    """F1 of every class, averaged by the number of its true samples; NaN without samples."""
    support = confusion.sum(axis=1)
    return float(_f1(confusion) @ support / support.sum()) if support.sum() else float("nan")


def macro_f1(confusion: Counts) -> float:
    """F1 averaged over the classes that have samples, each counting alike; NaN without samples."""
    seen = confusion.sum(axis=1) > 0
    return float(_f1(confusion)[seen].mean()) if seen.any() else float("nan")


def expected_calibration_error(probabilities: ArrayLike, labels: ArrayLike, bins: int = 15) -> float:
    """Mean gap between the confidence of the leading class and its accuracy, over equal-width bins.

    Naeini et al. 2015; Guo et al. 2017. 0 is perfect, and the value is in [0, 1].
    """
    p, true = np.asarray(probabilities, np.float64), np.asarray(labels, np.int64)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == true
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(p))


def negative_log_likelihood(
    logits: ArrayLike, labels: ArrayLike, temperature: float = 1.0, weights: ArrayLike | None = None
) -> float:
    """Mean cross-entropy in nats of softmax(logits / temperature); labels are class numbers or soft.

    `weights`, shape (N,), weight the samples; None weights them alike.
    """
    scores = log_softmax(np.asarray(logits, np.float64) / temperature, axis=1)
    losses = -(_distribution(labels, scores.shape[1]) * scores).sum(axis=1)
    return float(np.average(losses, weights=None if weights is None else np.asarray(weights)))


def fit_temperature(logits: ArrayLike, labels: ArrayLike, weights: ArrayLike | None = None) -> float:
    """The temperature T that makes softmax(logits / T) fit the labels best (Guo et al. 2017).

    Fit it on validation data: on the training data it only measures the overfitting. Soft labels calibrate
    towards what annotators would say rather than towards one right answer. `weights`, shape (N,), make the
    samples stand for another class distribution than they have.
    """
    scores = np.asarray(logits, np.float64)
    return best_factor(lambda t: negative_log_likelihood(scores, labels, t, weights), *TEMPERATURE_RANGE)


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one classifier on one set."""

    samples: int
    accuracy: float
    mean_recall: float
    weighted_f1: float
    recalls: dict[str, float]
    """By class name."""
    calibration_error: float
    """Of softmax(logits / temperature)."""
    confusion: list[list[int]]
    """Row the true class, column the predicted one."""

    def as_dict(self) -> dict[str, Any]:
        """What goes into the metadata of shipped weights: plain numbers, rounded to four places."""
        return {
            "samples": self.samples,
            "accuracy": round(self.accuracy, 4),
            "mean_recall": round(self.mean_recall, 4),
            "weighted_f1": round(self.weighted_f1, 4),
            "recalls": {name: round(value, 4) for name, value in self.recalls.items()},
            "calibration_error": round(self.calibration_error, 4),
            "confusion": self.confusion,
        }

    def __str__(self) -> str:
        by_class = ", ".join(f"{name} {value:.1%}" for name, value in self.recalls.items())
        return (
            f"accuracy {self.accuracy:.1%}, mean recall {self.mean_recall:.1%}, "
            f"calibration error {self.calibration_error:.3f} on {self.samples} samples ({by_class})"
        )


def report(logits: ArrayLike, labels: ArrayLike, names: Sequence[str], temperature: float = 1.0) -> Report:
    """Measure logits of shape (N, C) against class numbers of shape (N,)."""
    scores = np.asarray(logits, np.float64)
    confusion = confusion_matrix(labels, scores.argmax(axis=1), len(names))
    return Report(
        samples=len(scores),
        accuracy=accuracy(confusion),
        mean_recall=mean_recall(confusion),
        weighted_f1=weighted_f1(confusion),
        recalls=dict(zip(names, recalls(confusion).tolist(), strict=True)),
        calibration_error=expected_calibration_error(softmax(scores / temperature, axis=1), labels),
        confusion=confusion.tolist(),
    )


def _f1(confusion: Counts) -> Floats:
    """F1 of every class, shape (C,); 0 for a class neither seen nor guessed."""
    both = (confusion.sum(axis=1) + confusion.sum(axis=0)).astype(np.float64)
    f1: Floats = np.zeros(len(both))
    np.divide(2.0 * np.diag(confusion), both, out=f1, where=both > 0)
    return f1


def _distribution(labels: ArrayLike, classes: int) -> Floats:
    given = np.asarray(labels)
    return given.astype(np.float64) if given.ndim == 2 else np.eye(classes)[given]
