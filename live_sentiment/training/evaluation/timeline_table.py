"""Figures of the published timeline as Markdown, which a terminal shows as well as a page does."""

from __future__ import annotations

import math
from collections.abc import Mapping

from live_sentiment.core.markdown import table
from live_sentiment.training.evaluation.intervals import Estimate
from live_sentiment.training.evaluation.timeline_evaluation import ALL, Row, TimelineEvaluation
from live_sentiment.training.evaluation.timeline_figures import FIGURES
from live_sentiment.training.evaluation.timeline_playing import FILTERED, FUSED, PRINTED, VOICE, WORDLESS
from live_sentiment.training.evaluation.timeline_sessions import KINDS

STAGE_NAMES: Mapping[str, str] = {
    VOICE: "voice expert, last reading",
    WORDLESS: "fusion without the words",
    FUSED: "fusion",
    FILTERED: "after the filter",
    PRINTED: "**printed**",
}
PERCENT = frozenset({"accuracy", "uar", "macro_f1", "confidence", "ece", "followed", "false"})


def markdown(evaluation: TimelineEvaluation) -> str:
    """One table for each kind of session and settings; intervals of the printed emotion in brackets."""
    facts = evaluation.facts
    lines = [
        f"{facts['sessions']} sessions, {facts['minutes']} minutes, {facts['split']} speakers "
        f"({', '.join(facts['speakers'])}), seed {facts['seed']}.",
        *evaluation.notes,
    ]
    tables: dict[tuple[str, str], list[Row]] = {}
    for row in evaluation.rows:
        tables.setdefault((row.kind, row.variant), []).append(row)
    for (kind, variant), rows in sorted(tables.items(), key=lambda one: [*map(str, KINDS)].index(one[0][0])):
        settings = f", {variant}" if variant else ""
        title = f"{kind}: {KINDS[rows[0].kind]}; {rows[0].sessions} sessions{settings}"
        known = [name for name in FIGURES if any(math.isfinite(row.estimates[name].value) for row in rows)]
        head = ["", *(FIGURES[name] for name in known)]
        cells = [[_name(row), *(_cell(row, name) for name in known)] for row in rows]
        lines += ["", f"**{title}**", "", table(head, cells, numbers=True)]
    return "\n".join(lines)


def _name(row: Row) -> str:
    return STAGE_NAMES[row.stage] if row.corpus == ALL else f"{row.stage}, {row.corpus}"


def _cell(row: Row, name: str) -> str:
    estimate = row.estimates[name]
    text = _number(estimate.value, name)
    whole = row.stage == PRINTED and row.corpus == ALL
    return f"{text} {_interval(estimate, name)}" if whole and math.isfinite(estimate.low) else text


def _interval(estimate: Estimate, name: str) -> str:
    return f"[{_number(estimate.low, name)}, {_number(estimate.high, name)}]"


def _number(value: float, name: str) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{100 * value:.1f}" if name in PERCENT else f"{value:.2f}"
