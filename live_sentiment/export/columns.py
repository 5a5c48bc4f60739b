"""The points of a session as columns for a plot: averaged where there are more than a page can show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import EMOTIONS, MODALITIES
from live_sentiment.sinks.lines import Fields

MOST_COLUMNS = 500
"""More than this makes a thicket of curves on a page: two hours are averaged over 15 s."""

_SCALARS = 5
_WIDTH = _SCALARS + len(EMOTIONS) + 2 * len(MODALITIES)


@dataclass(frozen=True, slots=True)
class Columns:
    """Means over the points of each column; all arrays are float64."""

    time_s: NDArray[np.float64]
    """Shape (n,), rising."""
    valence: NDArray[np.float64]
    valence_sd: NDArray[np.float64]
    arousal: NDArray[np.float64]
    arousal_sd: NDArray[np.float64]
    emotions: NDArray[np.float64]
    """Shape (n, 7), probabilities in the order of EMOTIONS."""
    shares: NDArray[np.float64]
    """Shape (n, 3), in the order of MODALITIES; 0 where one is absent."""
    present: NDArray[np.float64]
    """Shape (n, 3), the part of the column's points at which the modality was there."""


def columns_of(points: Iterable[Fields], count: int) -> Columns:
    """Read `count` points, in time order, into at most MOST_COLUMNS columns of equally many points."""
    each = max(-(-count // MOST_COLUMNS), 1)
    sums = np.zeros((max(-(-count // each), 1), _WIDTH))
    taken = np.zeros(len(sums))
    for number, point in enumerate(points):
        column = min(number // each, len(sums) - 1)
        sums[column] += _row(point)
        taken[column] += 1
    rows = sums[taken > 0] / taken[taken > 0, None]
    emotions, rest = rows[:, _SCALARS : _SCALARS + len(EMOTIONS)], rows[:, _SCALARS + len(EMOTIONS) :]
    return Columns(
        rows[:, 0],
        rows[:, 1],
        rows[:, 2],
        rows[:, 3],
        rows[:, 4],
        emotions,
        rest[:, : len(MODALITIES)],
        rest[:, len(MODALITIES) :],
    )


def _row(point: Fields) -> list[float]:
    confidence = point["confidence"]
    return [
        point["time"],
        point["valence"],
        confidence["valence_sd"],
        point["arousal"],
        confidence["arousal_sd"],
        *(point["emotions"][emotion] for emotion in EMOTIONS),
        *(point["shares"].get(modality, 0.0) for modality in MODALITIES),
        *(float(point["presence"][modality]["present"]) for modality in MODALITIES),
    ]
