"""An evaluation as one page: no script, nothing loaded, readable without colour."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from live_sentiment import __version__, report
from live_sentiment.export.writing import whole_file
from live_sentiment.report.page import environment_of
from live_sentiment.sinks.atomic import BY_UMASK
from live_sentiment.training.evaluation.ablation import HEADLINES
from live_sentiment.training.evaluation.evaluation import Evaluation
from live_sentiment.training.evaluation.plots import interval_plot, reliability_plot
from live_sentiment.training.evaluation.wording import FIGURES, GROUP_FIGURES, NAMES, TASKS

_ASSETS = Path(__file__).parent / "assets"
_REPORT_STYLE = Path(report.__file__).parent / "assets" / "page.css"
SHADES = 10
"""Steps of the confusion matrix's background."""


def write_page(evaluation: Evaluation, output: Path) -> Path:
    """Write the page, replacing a file that is there.

    Raises:
        UsageError: it cannot be written there.
        RunError: the disk is full.
    """
    with whole_file(output, mode=BY_UMASK) as aside:
        aside.write_text(page(evaluation), encoding="utf-8", newline="\n")
    return output


def page(evaluation: Evaluation) -> str:
    """The page as HTML."""
    style = "\n".join(
        file.read_text(encoding="utf-8") for file in (_REPORT_STYLE, _ASSETS / "evaluation.css")
    )
    digest = base64.b64encode(hashlib.sha256(f"\n{style}\n".encode()).digest()).decode("ascii")
    html: str = _template().render(
        evaluation=evaluation,
        version=__version__,
        style=Markup(style),  # the package's own files need no escaping
        style_hash=f"sha256-{digest}",
        tasks=TASKS,
        figures=FIGURES,
        names=NAMES,
        headlines=HEADLINES,
        group_figures=GROUP_FIGURES,
        reliability_plot=reliability_plot,
        ablation_plots=_ablation_plots(evaluation),
    )
    return html


def _ablation_plots(evaluation: Evaluation) -> dict[str, Markup]:
    """A plot for each task of what the subsets of modalities reach."""
    plots: dict[str, Markup] = {}
    for task in evaluation.ablation[0].headlines if evaluation.ablation else ():
        rows = [
            (" + ".join(NAMES[one] for one in subset.present), subset.headlines[task])
            for subset in evaluation.ablation
            if task in subset.headlines
        ]
        label = f"{TASKS[task]}: {FIGURES[HEADLINES[task]]} by modalities, with 95 % intervals"
        plots[task] = interval_plot(rows, label)
    return plots


def shade(count: int, total: int) -> int:
    """Step of a cell's background, 0 to SHADES, by its share of the row."""
    return round(SHADES * count / total) if total else 0


@cache
def _template() -> Any:
    environment = environment_of(_ASSETS)
    environment.filters["figure"] = lambda value: "–" if value is None or value != value else f"{value:.3f}"  # noqa: PLR0124
    environment.globals["shade"] = shade
    return environment.get_template("evaluation.html")
