"""A grid of fusers, corpora and seeds as tables in Markdown, and as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from live_sentiment.core.markdown import table
from live_sentiment.training.comparison.grid import Cell, GridTask
from live_sentiment.training.comparison.numbers import number, spread
from live_sentiment.training.comparison.writing import write_text
from live_sentiment.training.evaluation.evaluation import circumstances
from live_sentiment.training.evaluation.figures import plain
from live_sentiment.training.evaluation.wording import FIGURES, TASKS
from live_sentiment.training.experiments.reading import SYNTHETIC

SHOWN: Mapping[str, tuple[str, ...]] = {
    "emotions": ("accuracy", "uar", "weighted_f1", "ece"),
    "polarity": ("accuracy", "weighted_f1", "ece"),
    "valence": ("ccc",),
    "arousal": ("ccc",),
    "score": ("acc2_nonnegative", "acc2_nonzero", "acc7", "mae", "corr"),
}
"""The columns of each task."""
PLAIN = frozenset({"ccc", "mae", "corr"})
"""Figures that are no shares of a whole."""


def write_grid(cells: Sequence[Cell], task: GridTask) -> str:
    """Write comparison.md and comparison.json into the task's folder, and return the former.

    Raises:
        UsageError: they cannot be written there.
        RunError: the disk is full.
    """
    text = grid_page(cells, task)
    write_text(task.output / "comparison.md", text)
    told = json.dumps(_as_json(cells, task), indent=1, allow_nan=False)
    write_text(task.output / "comparison.json", f"{told}\n")
    return text


def grid_page(cells: Sequence[Cell], task: GridTask) -> str:
    """A table for each set of corpora."""
    facts = circumstances()
    lines = [
        "# Fusers compared",
        "",
        f"Mean ± standard deviation over {task.seeds} seeds, on test samples; in %, but CCC, MAE and "
        f"correlation. {facts['date']}, {facts['machine']}; {facts['versions']}.",
    ]
    if task.overrides:
        lines += ["", f"Settings: {', '.join(task.overrides)}."]
    for joined in task.corpora:
        ones = [cell for cell in cells if cell.corpora == joined]
        lines += ["", f"## {joined}", ""]
        if ones[0].synthetic:
            lines += [f"{SYNTHETIC}.", ""]
        lines += [_table(ones, task.fusers)]
    return "\n".join([*lines, ""])


def _table(cells: Sequence[Cell], fusers: Sequence[str]) -> str:
    columns = [
        (head, name) for head in cells[0].figures for name in SHOWN[head] if name in cells[0].figures[head]
    ]
    rows = []
    for fuser in fusers:
        own = [cell for cell in cells if cell.fuser == fuser]
        row = [fuser]
        for head, name in columns:
            values = [cell.figures[head][name] for cell in own if name in cell.figures.get(head, {})]
            row.append(_plain_spread(values) if name in PLAIN else spread(values))
        rows.append(row)
    return table(
        ["fuser", *(f"{TASKS[head]}: {FIGURES[name]}" for head, name in columns)], rows, numbers=True
    )


def _plain_spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return number(values[0] if values else None)
    return f"{number(statistics.mean(values))} ± {number(statistics.stdev(values))}"


def _as_json(cells: Sequence[Cell], task: GridTask) -> dict[str, Any]:
    return {
        **circumstances(),
        "settings": list(task.overrides),
        "cells": [
            {
                "corpora": cell.corpora,
                "fuser": cell.fuser,
                "seed": cell.seed,
                "synthetic_pairs": cell.synthetic,
                "figures": plain(cell.figures),
            }
            for cell in cells
        ],
    }
