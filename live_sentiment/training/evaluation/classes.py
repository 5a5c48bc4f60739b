"""Figures of a classifier from its probabilities: by class, over all, and how far its confidence holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from live_sentiment.core.types import BoolArray
from live_sentiment.training.evaluation import metrics

TIE = 1e-6
"""Two labels of a distribution that differ by less lead alike."""

BINS = 15
"""Of confidence, in the calibration error and in the reliability plot (Guo et al. 2017)."""


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class."""

    name: str
    precision: float
    """NaN where the class was never said."""
    recall: float
    """NaN where no sample is of the class."""
    f1: float
    support: int
    """Samples of the class."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples of like confidence."""

    low: float
    high: float
    """Confidences in [low, high)."""
    confidence: float
    """Their mean; NaN without samples."""
    accuracy: float
    """How often they are right; NaN without samples."""
    samples: int


def decided(labels: ArrayLike) -> BoolArray:
    """Shape (N,): whether one class leads each of the label distributions (N, C).

    Rows without a label (NaN) and rows in which several classes lead alike have no class to be measured by.
    """
    values = np.asarray(labels, np.float64)
    known = ~np.isnan(values).any(axis=1)
    ranked = np.sort(np.nan_to_num(values), axis=1)
    clear: BoolArray = known & (ranked[:, -1] - ranked[:, -2] > TIE)
    return clear


def overall(probabilities: ArrayLike, labels: ArrayLike) -> dict[str, float]:
    """Figures over all classes of probabilities (N, C) against class numbers (N,).

    Precision is averaged over the classes that have samples, where one that was never said counts 0; UAR is
    the mean recall over them.
    """
    p, true = np.asarray(probabilities, np.float64), np.asarray(labels, np.int64)
    confusion = metrics.confusion_matrix(true, p.argmax(axis=1), p.shape[1])
    seen = confusion.sum(axis=1) > 0
    return {
        "accuracy": metrics.accuracy(confusion),
        "weighted_f1": metrics.weighted_f1(confusion),
        "macro_f1": metrics.macro_f1(confusion),
        "precision": float(np.nan_to_num(precisions(confusion))[seen].mean()) if seen.any() else float("nan"),
        "uar": metrics.mean_recall(confusion),
        "ece": metrics.expected_calibration_error(p, true, BINS) if len(p) else float("nan"),
    }


def precisions(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Precision of every class, shape (C,); NaN for a class that was never said."""
    said = confusion.sum(axis=0)
    share: NDArray[np.float64] = np.full(len(said), np.nan)
    np.divide(np.diag(confusion).astype(np.float64), said, out=share, where=said > 0)
    return share


def by_class(confusion: NDArray[np.int64], names: Sequence[str]) -> list[ClassFigures]:
    """Every class by name; F1 is 0 for one that was never hit."""
    said, support = confusion.sum(axis=0), confusion.sum(axis=1)
    columns = zip(names, precisions(confusion), metrics.recalls(confusion), said, support, strict=True)
    hits = np.diag(confusion)
    return [
        ClassFigures(
            name, float(precision), float(recall), float(2 * hit / max(called + count, 1)), int(count)
        )
        for (name, precision, recall, called, count), hit in zip(columns, hits, strict=True)
    ]


def reliability(probabilities: ArrayLike, labels: ArrayLike, bins: int = BINS) -> list[Bin]:
    """Confidence of the leading class against how often it is right, in bins of equal width."""
    p, true = np.asarray(probabilities, np.float64), np.asarray(labels, np.int64)
    confidence, right = p.max(axis=1), p.argmax(axis=1) == true
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    found = []
    for number in range(bins):
        here = bin_of == number
        count = int(here.sum())
        found.append(
            Bin(
                number / bins,
                (number + 1) / bins,
                float(confidence[here].mean()) if count else float("nan"),
                float(right[here].mean()) if count else float("nan"),
                count,
            )
        )
    return found
