"""What can be measured of a set of predictions: the tasks of which something is both said and known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.training.evaluation import classes, numbers
from live_sentiment.training.evaluation.predictions import Predictions

Task: TypeAlias = Literal["emotions", "polarity", "valence", "arousal", "score"]
Rows: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One task, and the n samples of it that can be measured."""

    task: Task
    names: tuple[str, ...]
    """The classes; empty where it is a number."""
    said: FloatArray
    """Shape (n, classes), probabilities; or (n,), numbers."""
    true: NDArray[np.generic]
    """Shape (n,): class numbers, or numbers."""
    left_out: int
    """Samples without a label, or with several that lead alike."""
    groups: tuple[str, ...] | None
    """Speaker of each of the n."""

    def __len__(self) -> int:
        return len(self.true)

    def figures(self, rows: Rows) -> dict[str, float]:
        """Every figure, of the samples with these numbers among the n, which may repeat."""
        said, true = self.said[rows], self.true[rows]
        if self.names:
            return classes.overall(said, true)
        return numbers.sentiment(said, true) if self.task == "score" else numbers.dimension(said, true)


def labelled(predictions: Predictions) -> list[Labelled]:
    """The tasks that some sample can be measured by, in a fixed order."""
    p = predictions
    found: list[Labelled | None] = [
        _classes("emotions", EMOTIONS, p.emotion_probabilities, p.emotion_labels, p.groups),
        _classes("polarity", POLARITIES, p.polarity_probabilities, p.polarity_labels, p.groups),
        _number("valence", _column(p.valence_arousal, 0), _column(p.valence_arousal_labels, 0), p.groups),
        _number("arousal", _column(p.valence_arousal, 1), _column(p.valence_arousal_labels, 1), p.groups),
        _number("score", p.score, p.score_labels, p.groups),
    ]
    return [one for one in found if one is not None and len(one)]


def _classes(
    task: Task,
    names: tuple[str, ...],
    said: FloatArray | None,
    labels: FloatArray | None,
    groups: Sequence[str] | None,
) -> Labelled | None:
    if said is None or labels is None:
        return None
    chosen = np.flatnonzero(classes.decided(labels))
    true = labels[chosen].argmax(axis=1)
    return Labelled(task, names, said[chosen], true, len(said) - len(chosen), _own(groups, chosen))


def _number(
    task: Task, said: FloatArray | None, labels: FloatArray | None, groups: Sequence[str] | None
) -> Labelled | None:
    if said is None or labels is None:
        return None
    chosen = np.flatnonzero(~np.isnan(labels))
    return Labelled(task, (), said[chosen], labels[chosen], len(said) - len(chosen), _own(groups, chosen))


def _own(groups: Sequence[str] | None, chosen: Rows) -> tuple[str, ...] | None:
    return None if groups is None else tuple(groups[int(row)] for row in chosen)


def _column(table: FloatArray | None, column: int) -> FloatArray | None:
    return None if table is None else table[:, column]
