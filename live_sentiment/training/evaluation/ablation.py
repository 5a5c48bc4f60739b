"""What each modality is worth: alone, left out, and with all the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from typing import Any

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.training.evaluation.figures import plain
from live_sentiment.training.evaluation.intervals import Estimate, bootstrap
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.evaluation.tasks import Labelled, Rows, Task, labelled

RESAMPLES = 400
"""Fewer than for the main figures: there are up to seven subsets."""

HEADLINES: Mapping[Task, str] = {
    "emotions": "uar",
    "polarity": "weighted_f1",
    "valence": "ccc",
    "arousal": "ccc",
    "score": "mae",
}
"""The one figure of each task by which subsets are compared."""


@dataclass(frozen=True, slots=True)
class SubsetFigures:
    """One subset of the modalities."""

    present: tuple[Modality, ...]
    headlines: Mapping[Task, Estimate]
    """The figure of HEADLINES for each task."""
    differences: Mapping[Task, Estimate]
    """To all modalities together, on the same resamples: an interval without 0 is a difference."""

    @property
    def name(self) -> str:
        """For people."""
        return " + ".join(self.present)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        told: dict[str, Any] = plain(asdict(self))
        return told


def subsets(modalities: Sequence[Modality]) -> list[tuple[Modality, ...]]:
    """Every subset that is not empty, all together first and each alone last."""
    ordered = [modality for modality in MODALITIES if modality in modalities]
    return [chosen for size in range(len(ordered), 0, -1) for chosen in combinations(ordered, size)]


def ablate(
    predict: Callable[[tuple[Modality, ...]], Predictions],
    modalities: Sequence[Modality],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[SubsetFigures]:
    """Measure every subset of the modalities: each alone, each left out, all together.

    Args:
        predict: what the model says of the same samples, in the same order, with these modalities only.
        modalities: those that the samples have.
        seed: of the intervals.
        resamples: of the bootstrap.
    """
    said = {chosen: {one.task: one for one in labelled(predict(chosen))} for chosen in subsets(modalities)}
    whole = next(iter(said.values()))
    found = []
    for chosen, tasks in said.items():
        headlines, differences = {}, {}
        for task, one in tasks.items():
            both = partial(_headline, one, whole[task])
            estimates = bootstrap(both, len(one), one.groups, seed=seed, resamples=resamples)
            headlines[task], differences[task] = estimates["value"], estimates["difference"]
        found.append(SubsetFigures(chosen, headlines, differences))
    return found


def _headline(one: Labelled, whole: Labelled, rows: Rows) -> dict[str, float]:
    name = HEADLINES[one.task]
    value = one.figures(rows)[name]
    return {"value": value, "difference": value - whole.figures(rows)[name]}
