"""Bootstrap confidence intervals, by speaker where speakers are known.

Utterances of one speaker resemble each other, so resampling them one by one makes intervals too narrow:
whole speakers are drawn instead (the cluster bootstrap; A. C. Davison and D. V. Hinkley 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its percentile interval at LEVEL."""

    value: float
    low: float
    """NaN where no interval can be had: a single cluster, or a figure that few resamples have."""
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(
    measure: Callable[[NDArray[np.int64]], Mapping[str, float]],
    samples: int,
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Estimate]:
    """Every figure of `measure` with its interval.

    Args:
        measure: figures by name of the samples with these numbers, (n,), which may repeat.
        samples: how many there are.
        groups: the cluster of each sample; None resamples samples.
        seed: of the resampling.
        resamples: how many are drawn; 0 gives no intervals.
    """
    whole = measure(np.arange(samples))
    clusters = _clusters(samples, groups)
    random = np.random.default_rng(seed)
    drawn: list[Mapping[str, float]] = []
    if len(clusters) > 1:
        for _ in range(resamples):
            chosen = random.integers(len(clusters), size=len(clusters))
            drawn.append(measure(np.concatenate([clusters[one] for one in chosen])))
    return {name: _estimate(value, [one[name] for one in drawn]) for name, value in whole.items()}


def _clusters(samples: int, groups: Sequence[str] | None) -> list[NDArray[np.int64]]:
    if groups is None:
        return [np.array([row]) for row in range(samples)]
    _, number = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(number, kind="stable")
    return np.split(order, np.cumsum(np.bincount(number))[:-1])


def _estimate(value: float, drawn: Sequence[float]) -> Estimate:
    found = np.asarray(drawn, np.float64)
    found = found[~np.isnan(found)]
    if len(found) < len(drawn) / 2 or not len(found):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))
