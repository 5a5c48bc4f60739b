"""All figures of a set of predictions, each with its interval, for people and for JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from live_sentiment.errors import UsageError
from live_sentiment.training import metrics
from live_sentiment.training.evaluation import classes, numbers
from live_sentiment.training.evaluation.classes import Bin, ClassFigures
from live_sentiment.training.evaluation.intervals import RESAMPLES, Estimate, bootstrap
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.types import EMOTIONS, POLARITIES, FloatArray

Task: TypeAlias = Literal["emotions", "polarity", "valence", "arousal", "score"]

Rows: TypeAlias = NDArray[np.int64]

DECIMALS = 4
_DIMENSIONS: tuple[Task, Task] = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task: a set of classes, or a number."""

    task: Task
    samples: int
    """Measured on: those with a label that can be compared."""
    left_out: int
    """Samples without one, or with several that lead alike."""
    clusters: int | None
    """Speakers that the intervals resample; None: samples one by one."""
    estimates: Mapping[str, Estimate]
    by_class: Sequence[ClassFigures] = ()
    """For classes."""
    confusion: Sequence[Sequence[int]] = field(default_factory=list)
    """For classes: row the true one, column the predicted one."""
    reliability: Sequence[Bin] = ()
    """For classes."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: numbers of four decimals, null where there is none."""
        told: dict[str, Any] = _plain(asdict(self))
        return told


def measure(predictions: Predictions, *, seed: int = 0, resamples: int = RESAMPLES) -> list[TaskFigures]:
    """Every task of which there are both a prediction and a label.

    Raises:
        UsageError: there is none.
    """
    p = predictions
    sampling = _Sampling(p.groups, seed, resamples)
    found: list[TaskFigures] = []
    if p.emotion_probabilities is not None and p.emotion_labels is not None:
        found.append(_classes("emotions", EMOTIONS, p.emotion_probabilities, p.emotion_labels, sampling))
    if p.polarity_probabilities is not None and p.polarity_labels is not None:
        found.append(_classes("polarity", POLARITIES, p.polarity_probabilities, p.polarity_labels, sampling))
    if p.valence_arousal is not None and p.valence_arousal_labels is not None:
        for column, name in enumerate(_DIMENSIONS):
            said, true = p.valence_arousal[:, column], p.valence_arousal_labels[:, column]
            found.append(_numbers(name, numbers.dimension, said, true, sampling))
    if p.score is not None and p.score_labels is not None:
        found.append(_numbers("score", numbers.sentiment, p.score, p.score_labels, sampling))
    found = [one for one in found if one.samples]
    if not found:
        raise UsageError("nothing to measure: no sample has a label of what the model says")
    return found


@dataclass(frozen=True, slots=True)
class _Sampling:
    """How intervals are made."""

    groups: Sequence[str] | None
    seed: int
    resamples: int

    def clusters(self, chosen: Rows) -> list[str] | None:
        """The cluster of each of the samples with these numbers."""
        return None if self.groups is None else [self.groups[int(row)] for row in chosen]

    def estimates(self, measure: Callable[[Rows], Mapping[str, float]], chosen: Rows) -> dict[str, Estimate]:
        """`measure` takes numbers among the chosen samples."""
        own = self.clusters(chosen)
        return bootstrap(measure, len(chosen), own, seed=self.seed, resamples=self.resamples)

    def count(self, chosen: Rows) -> int | None:
        """Number of clusters among the samples with these numbers."""
        own = self.clusters(chosen)
        return None if own is None else len(set(own))


def _classes(
    task: Task, names: Sequence[str], said: FloatArray, labels: FloatArray, sampling: _Sampling
) -> TaskFigures:
    chosen = np.flatnonzero(classes.decided(labels))
    p, true = said[chosen], labels[chosen].argmax(axis=1)
    confusion = metrics.confusion_matrix(true, p.argmax(axis=1), len(names))
    return TaskFigures(
        task,
        samples=len(chosen),
        left_out=len(labels) - len(chosen),
        clusters=sampling.count(chosen),
        estimates=sampling.estimates(lambda rows: classes.overall(p[rows], true[rows]), chosen),
        by_class=classes.by_class(confusion, names),
        confusion=confusion.tolist(),
        reliability=classes.reliability(p, true),
    )


def _numbers(
    task: Task,
    figures: Callable[[FloatArray, FloatArray], dict[str, float]],
    said: FloatArray,
    labels: FloatArray,
    sampling: _Sampling,
) -> TaskFigures:
    chosen = np.flatnonzero(~np.isnan(labels))
    x, y = said[chosen], labels[chosen]
    return TaskFigures(
        task,
        samples=len(chosen),
        left_out=len(labels) - len(chosen),
        clusters=sampling.count(chosen),
        estimates=sampling.estimates(lambda rows: figures(x[rows], y[rows]), chosen),
    )


def _plain(value: Any) -> Any:
    """The same with numbers rounded, and None for those that JSON cannot hold."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    return value
