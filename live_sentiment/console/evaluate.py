"""`live-sentiment evaluate`: how good a trained run or a shipped part is, as a table, JSON and a page."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.evaluate_timeline import add_options, run_timeline
from live_sentiment.console.options import add_config_options, config_from
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from live_sentiment.training.data.samples import Split
    from live_sentiment.training.evaluation.evaluation import Evaluation

TIMELINE = Path("timeline")
"""In place of a run; a run whose folder has that name here is named by its whole path."""

EXAMPLES = """\
examples:
  live-sentiment evaluate runs/cross-attention --data corpora
  live-sentiment evaluate runs/cross-attention --data my-clips --corpus folder
  live-sentiment evaluate --shipped voice --data my-clips --corpus folder
  live-sentiment evaluate --shipped fusion --data corpora --output evaluations/fusion
  live-sentiment evaluate timeline --data corpora --split test

`evaluate timeline` measures what a user reads, the published timeline, on sessions with a known course.

Written are evaluation.json and evaluation.html; docs/evaluation.md explains every figure.
"""


def add_parser(commands: Any) -> None:
    """Declare `evaluate`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "evaluate",
        help="measure a trained run or a shipped part",
        description=(
            "Measure a run of `live-sentiment train`, or a part that ships, on held-out samples: accuracy, "
            "F1, precision, recall, confusion, calibration, CCC, MAE, correlation, Acc-2 and Acc-7 where the "
            "corpus has a score, with confidence intervals over speakers, and what each modality is worth."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "run_folder",
        nargs="?",
        type=Path,
        metavar="RUN",
        help="folder of a finished run, or timeline: the published timeline",
    )
    what.add_argument("--shipped", choices=("text", "voice", "face", "fusion"), help="a part of the package")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the corpora")
    parser.add_argument(
        "--corpus",
        nargs="+",
        default=[],
        metavar="NAME",
        help="default: the run's own; MELD, RAVDESS, FERPlus or synthetic pairs for what ships",
    )
    parser.add_argument(
        "--split",
        choices=("validation", "development", "test"),
        help="default: test; of the timeline: development",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the intervals and of pairs; default: 0")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="default: RUN/evaluation, or evaluation-PART here"
    )
    parser.add_argument("--cache", type=Path, metavar="DIR", help="of embeddings; default: DIR/cache")
    add_options(parser)
    add_config_options(parser)
    parser.set_defaults(run=run, extra="train")


def run(options: argparse.Namespace) -> int:
    """Measure, print the tables, and write the JSON and the page."""
    if options.seed < 0:
        raise UsageError("--seed takes a number from 0 on")
    if options.run_folder == TIMELINE:
        return run_timeline(options)
    if options.split == "development":
        raise UsageError("only evaluate timeline has the split 'development'; name validation or test")
    split: Split = options.split or "test"
    config = config_from(options)
    output = options.output or (
        options.run_folder / "evaluation" if options.run_folder else Path(f"evaluation-{options.shipped}")
    )
    cache = options.cache or output / "cache"
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from live_sentiment.models import compute
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.evaluation.page import write_page
    from live_sentiment.training.evaluation.table import tables

    store = ModelStore(config.models, progress=TerminalProgress())
    with Progress(console=Console(stderr=True)) as bars:
        if options.shipped:
            from live_sentiment.training.evaluation.parts import Task, evaluate_shipped

            task = Task(options.shipped, options.data, tuple(options.corpus), split, cache, options.seed)
            evaluation = evaluate_shipped(task, config, store, bars)
        else:
            from live_sentiment.training.evaluation.runs import evaluate_run

            tasks: dict[str, TaskID] = {}

            def told(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = bars.add_task(what, total=total)
                bars.update(tasks[what], completed=done, total=total)

            evaluation = evaluate_run(
                options.run_folder,
                options.data,
                store=store,
                device=compute.apply(config.compute),
                split=split,
                corpora=tuple(options.corpus),
                cache=cache,
                seed=options.seed,
                told=told,
            )
    Console().print(tables(evaluation))
    page = output / "evaluation.html"
    _write_json(evaluation, output)
    write_page(evaluation, page)
    print(f"written {output / 'evaluation.json'} and {page}")
    return 0


def _write_json(evaluation: Evaluation, output: Path) -> None:
    from live_sentiment.export.writing import whole_file
    from live_sentiment.sinks.atomic import BY_UMASK

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}") from error
    with whole_file(output / "evaluation.json", mode=BY_UMASK) as aside:
        told = json.dumps(evaluation.as_dict(), indent=2, allow_nan=False)
        aside.write_text(f"{told}\n", encoding="utf-8")
