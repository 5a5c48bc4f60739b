"""An evaluation as tables of the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from live_sentiment.training.evaluation.ablation import HEADLINES
from live_sentiment.training.evaluation.evaluation import Evaluation
from live_sentiment.training.evaluation.figures import TaskFigures
from live_sentiment.training.evaluation.groups import GroupFigures
from live_sentiment.training.evaluation.intervals import Estimate
from live_sentiment.training.evaluation.wording import FIGURES, GROUP_FIGURES, NAMES, TASKS


def tables(evaluation: Evaluation) -> RenderableType:
    """What a person wants to see at once: every figure, every class, every subset of the modalities."""
    head = Text(f"{evaluation.model} on {evaluation.data}", style="bold")
    notes = [Text(note, style="yellow") for note in evaluation.notes]
    parts: list[RenderableType] = [head, *notes]
    for one in evaluation.tasks:
        parts.append(_figures(one))
        if one.by_class:
            parts.append(_classes(one))
    if evaluation.ablation:
        parts.append(_ablation(evaluation))
    if evaluation.groups:
        parts.append(_groups(evaluation.groups))
    return Group(*parts)


def _figures(one: TaskFigures) -> Table:
    table = Table(title=f"{TASKS[one.task]}, {one.samples} samples", title_justify="left")
    for name in ("figure", "value", "95 % interval"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for name, estimate in one.estimates.items():
        table.add_row(FIGURES[name], _number(estimate.value), _interval(estimate))
    return table


def _classes(one: TaskFigures) -> Table:
    table = Table(show_edge=False)
    for name in ("class", "precision", "recall", "F1", "samples"):
        table.add_column(name, justify="left" if name == "class" else "right")
    for row in one.by_class:
        numbers = [_number(value) for value in (row.precision, row.recall, row.f1)]
        table.add_row(row.name, *numbers, str(row.support))
    return table


def _ablation(evaluation: Evaluation) -> Table:
    tasks = list(evaluation.ablation[0].headlines)
    table = Table(title="Modalities", title_justify="left")
    table.add_column("present")
    for task in tasks:
        table.add_column(f"{TASKS[task]}: {FIGURES[HEADLINES[task]]}", justify="right")
    for subset in evaluation.ablation:
        cells = [_with_interval(subset.headlines[task]) for task in tasks]
        table.add_row(" + ".join(NAMES[one] for one in subset.present), *cells)
    return table


def _groups(groups: Sequence[GroupFigures]) -> Table:
    table = Table(title="Groups", title_justify="left")
    table.add_column("group")
    table.add_column("samples", justify="right")
    for name in GROUP_FIGURES:
        table.add_column(FIGURES[name], justify="right")
    for one in groups:
        cells = [_with_interval(one.estimates[name]) for name in GROUP_FIGURES]
        table.add_row(f"{one.kind}: {one.name}", str(one.samples), *cells)
    return table


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"


def _with_interval(estimate: Estimate) -> str:
    return f"{_number(estimate.value)} {_interval(estimate)}"


def _interval(estimate: Estimate) -> str:
    known = math.isfinite(estimate.low)
    return f"[{estimate.low:.3f}, {estimate.high:.3f}]" if known else "–"
