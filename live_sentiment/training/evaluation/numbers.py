"""Figures of predicted numbers: valence and arousal in [-1, 1], and sentiment scores in [-3, 3]."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from live_sentiment.training.evaluation import metrics

Floats = NDArray[np.float64]

SCORE_LIMIT = 3
"""CMU-MOSI's and CMU-MOSEI's sentiment goes from −3 to 3."""


def concordance(predicted: ArrayLike, true: ArrayLike) -> float:
    """Concordance correlation coefficient (L. I.-K. Lin 1989) of two arrays (N,), in [-1, 1].

        CCC = 2 · cov(x, y) / (var(x) + var(y) + (mean(x) − mean(y))²)

    with population moments. 0 where both are constant and differ, NaN where nothing varies or differs.
    """
    x, y = _pair(predicted, true)
    if not len(x):
        return float("nan")
    covariance = float(((x - x.mean()) * (y - y.mean())).mean())
    spread = float(x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    return 2 * covariance / spread if spread > 0 else float("nan")


def correlation(predicted: ArrayLike, true: ArrayLike) -> float:
    """Pearson's correlation of two arrays (N,); NaN where one does not vary."""
    x, y = _pair(predicted, true)
    if len(x) < 2 or x.std() == 0 or y.std() == 0:
        return float("nan")
    return float(((x - x.mean()) * (y - y.mean())).mean() / (x.std() * y.std()))


def mean_absolute_error(predicted: ArrayLike, true: ArrayLike) -> float:
    """MAE of two arrays (N,); NaN without samples."""
    x, y = _pair(predicted, true)
    return float(np.abs(x - y).mean()) if len(x) else float("nan")


def dimension(predicted: ArrayLike, true: ArrayLike) -> dict[str, float]:
    """CCC, MAE and correlation of one of valence and arousal, both (N,)."""
    return {
        "ccc": concordance(predicted, true),
        "mae": mean_absolute_error(predicted, true),
        "corr": correlation(predicted, true),
    }


def sentiment(predicted: ArrayLike, true: ArrayLike) -> dict[str, float]:
    """Figures of scores (N,) in [-3, 3], as published for CMU-MOSI and CMU-MOSEI.

    - acc2_nonnegative: negative against non-negative (A. Zadeh et al. 2017), every sample.
    - acc2_nonzero: negative against positive, without the samples whose true score is 0
      (Y.-H. H. Tsai et al. 2019).
    - acc7: both rounded to the integers of [-3, 3].
    - f1_nonnegative, f1_nonzero: weighted F1 of the two binary tasks.
    """
    x, y = _pair(predicted, true)
    away = y != 0
    every, signed = _signs(x >= 0, y >= 0), _signs(x[away] > 0, y[away] > 0)
    sevenths = [np.clip(np.round(one), -SCORE_LIMIT, SCORE_LIMIT) for one in (x, y)]
    return {
        "acc2_nonnegative": metrics.accuracy(every),
        "f1_nonnegative": metrics.weighted_f1(every),
        "acc2_nonzero": metrics.accuracy(signed),
        "f1_nonzero": metrics.weighted_f1(signed),
        "acc7": float((sevenths[0] == sevenths[1]).mean()) if len(x) else float("nan"),
        "mae": mean_absolute_error(x, y),
        "corr": correlation(x, y),
    }


def _signs(predicted: NDArray[np.bool_], true: NDArray[np.bool_]) -> NDArray[np.int64]:
    return metrics.confusion_matrix(true.astype(np.int64), predicted.astype(np.int64), 2)


def _pair(predicted: ArrayLike, true: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"predictions {x.shape} and labels {y.shape} must be of one shape (N,)")
    return x, y
