"""Fusers × corpora × seeds: the same experiment with one core after the other, each cell a run of its own.

A cell is a folder of `train_experiment`, so that it can be looked at, evaluated and used in a session by
itself. Interrupted, the comparison goes on within the cell where it stopped.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_sentiment.core.config import merge, parse_override, put, validated
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.cores import CORES
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.run import train_experiment

ENCODERS: Mapping[Modality, Mapping[str, Any]] = {
    "text": {"name": "transformer", "tune": "frozen"},
    "voice": {"name": "whisper", "layers": (2,), "tune": "frozen"},
    "vision": {"name": "face-expression", "tune": "frozen"},
}
"""Of what does not come as features: frozen, so that every corpus is embedded once for all cells."""

LABELS = ("emotions", "polarity", "score")
"""Of a sample, for each of which a head is trained where a corpus has it."""

Told = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class GridTask:
    """What `live-sentiment compare --fusers … --corpora …` is asked for."""

    data: Path
    output: Path
    """Folder of the cells, of comparison.md and of comparison.json."""
    fusers: Sequence[str]
    corpora: Sequence[str]
    """Names, each one corpus or several joined by "+", whose samples are then paired."""
    seeds: int = 3
    overrides: Sequence[str] = ()
    """Settings of the experiment, `part.key=value`, the same for all cells."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One training."""

    corpora: str
    fuser: str
    seed: int
    synthetic: bool
    figures: Mapping[str, Mapping[str, float]]
    """By task and figure, on the test split."""


class Grid:
    """Runs the cells of a task.

    Args:
        task: what is compared.
        store: of the models that encoders start from.
        device: auto, cpu or cuda.
        told: is told of the cells, and of what goes on within them.

    Raises:
        UsageError: no such fuser, corpus or setting.
    """

    def __init__(self, task: GridTask, store: ModelStore, device: str, told: Told) -> None:
        unknown = [name for name in task.fusers if name not in CORES]
        if unknown:
            raise UsageError(f"no fuser {unknown[0]!r} to train; there are {', '.join(CORES)}")
        if task.seeds < 1:
            raise UsageError("--seeds takes a number from 1 on")
        self._task, self._store, self._device, self._told = task, store, device, told
        self._bases = {joined: _base(joined, task) for joined in task.corpora}

    def run(self) -> list[Cell]:
        """Train what is not trained yet.

        Raises:
            UsageError, RunError: see `train_experiment`.
        """
        wanted = [
            (joined, fuser, seed)
            for joined in self._task.corpora
            for fuser in self._task.fusers
            for seed in range(self._task.seeds)
        ]
        cells: list[Cell] = []
        for done, (joined, fuser, seed) in enumerate(wanted):
            self._told("cells", done, len(wanted))
            cells.append(self._cell(joined, fuser, seed))
        self._told("cells", len(wanted), len(wanted))
        return cells

    def _cell(self, joined: str, fuser: str, seed: int) -> Cell:
        tree = copy.deepcopy(self._bases[joined])
        name = f"{joined}, {fuser}, seed {seed}"
        merge(tree, {"name": name, "fusion": {"core": fuser}, "training": {"seed": seed}})
        result = train_experiment(
            validated(ExperimentConfig, tree),
            self._task.data,
            self._task.output / "cells" / f"{joined}_{fuser}_{seed}",
            store=self._store,
            device=self._device,
            cache=self._task.output / "cache",
            command="live-sentiment compare",
            progress=lambda step, steps, line: self._told("this cell", step, steps),
            told=self._told,
        )
        figures = {
            head: {key: one["value"] for key, one in found["estimates"].items() if one["value"] is not None}
            for head, found in result.metrics["test"]["fused"].items()
        }
        return Cell(joined, fuser, seed, bool(result.metrics["data"]["synthetic_pairs"]), figures)


def _base(joined: str, task: GridTask) -> dict[str, Any]:
    """The experiment on some corpora: what they have decides modalities, encoders and heads."""
    names = joined.split("+")
    samples = [sample for name in names for sample in read_corpus(name, task.data).samples]
    there = [name for name in MODALITIES if any(sample.has(name) for sample in samples)]
    raw = [name for name in there if any(one.has(name) and name not in one.features for one in samples)]
    heads = [name for name in LABELS if any(getattr(sample, name) is not None for sample in samples)]
    if not heads:
        raise UsageError(f"{joined} has no labels of emotions, polarity or score")
    tree: dict[str, Any] = {
        "name": joined,
        "data": {"corpora": names, "label": "emotions" if "emotions" in heads else "polarity"},
        "encoders": {name: dict(ENCODERS[name]) for name in raw},
        "fusion": {"modalities": there, "heads": heads},
    }
    for override in task.overrides:
        put(tree, *parse_override(override))
    return tree
