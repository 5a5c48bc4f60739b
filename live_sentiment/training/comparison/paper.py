"""`live-sentiment compare --paper`: every section measured, and docs/results.md written from it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.errors import LiveSentimentError
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.comparison.cells import Cells, Figures
from live_sentiment.training.comparison.context import Context, PaperTask
from live_sentiment.training.comparison.paper_page import lead_of, paper_page
from live_sentiment.training.comparison.sections import SECTIONS, Section
from live_sentiment.training.comparison.writing import write_text
from live_sentiment.training.evaluation.evaluation import circumstances
from live_sentiment.training.evaluation.figures import plain

COMMAND = "live-sentiment compare --paper --data FOLDER --output docs/results.md"


def run_paper(
    task: PaperTask,
    config: Config,
    store: ModelStore,
    bars: Progress,
    sections: Mapping[str, Section] = SECTIONS,
) -> str:
    """Measure what is not kept yet, write the page and its JSON, and return the page.

    A section that cannot be measured, for want of its corpus, is in the page with the reason.

    Raises:
        UsageError: the page or the cells cannot be written.
    """
    context = Context(task, config, store, Cells(task.work / "cells", fresh=task.fresh), bars)
    begun = time.monotonic()
    found: dict[str, Figures] = {}
    whole = bars.add_task("sections", total=len(sections))
    for name, measure in sections.items():
        try:
            found[name] = measure(context)
        except LiveSentimentError as error:
            found[name] = {"not_measured": str(error).replace(str(task.data), "FOLDER")}
        bars.advance(whole)
    facts = {
        **circumstances(),
        "command": COMMAND,
        "seeds": f"fusers 0 to {task.seeds - 1}, voices 0 to {task.voice_seeds - 1}, "
        f"pairs 0 to {task.pair_seeds - 1}",
        "took": f"{(time.monotonic() - begun) / 60:.0f} minutes, with what was kept of earlier runs",
        "weights": ", ".join(
            f"{part} {context.weights(part)[:12]}" for part in ("text", "voice", "face", "fusion")
        ),
    }
    before = task.output.read_text(encoding="utf-8") if task.output.is_file() else ""
    page = paper_page(found, facts, lead_of(before))
    write_text(task.output, page)
    told = json.dumps(plain({"facts": facts, "sections": found}), indent=1, allow_nan=False)
    write_text(task.output.with_suffix(".json"), f"{told}\n")
    return page
