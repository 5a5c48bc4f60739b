"""Figures of each group of people or samples by itself: an average hides whom a model does not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from live_sentiment.training.data.samples import Sample
from live_sentiment.training.evaluation.classes import ClassFigures
from live_sentiment.training.evaluation.figures import measure, plain
from live_sentiment.training.evaluation.intervals import Estimate
from live_sentiment.training.evaluation.predictions import Predictions

COLLECTION = "collection"
"""The kind of group that a corpus is."""


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """The seven emotions of one group."""

    kind: str
    """What divides it from others: "collection", "sex"."""
    name: str
    samples: int
    estimates: Mapping[str, Estimate]
    by_class: Sequence[ClassFigures]

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        told: dict[str, Any] = plain(asdict(self))
        return told


def collection(name: str, samples: Sequence[Sample]) -> list[Sample]:
    """The samples of a corpus with it among their groups, and its name in those that are its own."""
    return [
        replace(
            sample,
            groups={COLLECTION: name} | {f"{name}: {kind}": one for kind, one in sample.groups.items()},
        )
        for sample in samples
    ]


def by_group(predictions: Predictions, samples: Sequence[Sample], *, seed: int = 0) -> list[GroupFigures]:
    """The figures of every group that some of `samples` are in: corpora first, then by kind and name.

    Args:
        predictions: what was said, of some of the samples.
        samples: with their groups, by the keys of `predictions`.
        seed: of the intervals.
    """
    of = {sample.key: sample.groups for sample in samples}
    known = {group for key in predictions.keys for group in of[key].items()}
    found = []
    for kind, name in sorted(known, key=lambda one: (one[0] != COLLECTION, one)):
        rows = np.array([of[key].get(kind) == name for key in predictions.keys])
        for figures in measure(predictions.take(rows), seed=seed):
            if figures.task == "emotions":
                found.append(GroupFigures(kind, name, figures.samples, figures.estimates, figures.by_class))
    return found
