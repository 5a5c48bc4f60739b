"""All figures of a set of predictions, each with its interval, for people and for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from live_sentiment.core.errors import UsageError
from live_sentiment.training.evaluation import classes, metrics
from live_sentiment.training.evaluation.classes import Bin, ClassFigures
from live_sentiment.training.evaluation.intervals import RESAMPLES, Estimate, bootstrap
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.evaluation.tasks import Labelled, Task, labelled

DECIMALS = 4


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
    confusion: Sequence[Sequence[int]] = ()
    """For classes: row the true one, column the predicted one."""
    reliability: Sequence[Bin] = ()
    """For classes."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it: numbers of four decimals, null where there is none."""
        told: dict[str, Any] = plain(asdict(self))
        return told


def measure(predictions: Predictions, *, seed: int = 0, resamples: int = RESAMPLES) -> list[TaskFigures]:
    """Every task of which there are both a prediction and a label.

    Raises:
        UsageError: there is none.
    """
    found = [_figures(one, seed, resamples) for one in labelled(predictions)]
    if not found:
        raise UsageError("nothing to measure: no sample has a label of what the model says")
    return found


def _figures(one: Labelled, seed: int, resamples: int) -> TaskFigures:
    estimates = bootstrap(one.figures, len(one), one.groups, seed=seed, resamples=resamples)
    clusters = None if one.groups is None else len(set(one.groups))
    if not one.names:
        return TaskFigures(one.task, len(one), one.left_out, clusters, estimates)
    confusion = metrics.confusion_matrix(one.true, one.said.argmax(axis=1), len(one.names))
    return TaskFigures(
        one.task,
        len(one),
        one.left_out,
        clusters,
        estimates,
        classes.by_class(confusion, one.names),
        confusion.tolist(),
        classes.reliability(one.said, one.true),
    )


def plain(value: Any) -> Any:
    """The same for JSON: numbers rounded, and None for those that it cannot hold."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    return value
