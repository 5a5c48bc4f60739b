"""`live-sentiment compare`: many trainings in one table, and the paper's page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.exports import complain
from live_sentiment.console.options import add_config_options, config_from
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

EXAMPLES = """\
examples:
  live-sentiment compare --fusers concat weighted cross-attention --corpora mosi-acl17 --data corpora
  live-sentiment compare --corpora meld+ravdess+ferplus --seeds 5 --data corpora --train training.epochs=3
  live-sentiment compare --paper --data corpora --output docs/results.md

Corpora joined by + are paired: samples of different people with the same label. Interrupted, the same command
goes on where it stopped.
"""


def add_parser(commands: Any) -> None:
    """Declare `compare`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare",
        help="fusers × corpora × seeds in one table; the page of results",
        description=(
            "Train and measure every fuser on every corpus with several seeds, and write mean ± standard "
            "deviation as Markdown and JSON; or, with --paper, compute the page of results anew."
        ),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="holds the corpora")
    parser.add_argument("--paper", action="store_true", help="compute every table of docs/results.md")
    parser.add_argument("--fusers", nargs="+", default=[], metavar="NAME", help="cores; default: all of them")
    parser.add_argument("--corpora", nargs="+", default=[], metavar="NAME[+NAME]", help="one column each")
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="trainings of each cell; default: 3, with --paper 10"
    )
    parser.add_argument(
        "--train",
        nargs="+",
        action="extend",
        default=[],
        metavar="PART.KEY=VALUE",
        help="settings of every training, such as training.epochs=3",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="PATH",
        help="folder of the comparison, default: comparison; with --paper the Markdown file, default: "
        "results.md",
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="with --paper: cells and embeddings; default: results.work"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="with --paper: of embeddings; default: in the work folder"
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="SECTION",
        help="with --paper: a page of these sections alone",
    )
    parser.add_argument("--fresh", action="store_true", help="with --paper: compute every cell anew")
    add_config_options(parser)
    parser.set_defaults(run=run, extra="train")


def run(options: argparse.Namespace) -> int:
    """Compare, and print the tables."""
    if options.seeds is not None and options.seeds < 1:
        raise UsageError("--seeds takes a number from 1 on")
    if options.paper == bool(options.corpora):
        raise UsageError("give either --corpora with what to compare, or --paper")
    if not options.data.is_dir():
        raise UsageError(f"no folder {options.data}; --data takes the folder that holds the corpora")
    unread = ("fusers", "train") if options.paper else ("work", "cache", "only", "fresh")
    if given := [f"--{name}" for name in unread if getattr(options, name)]:
        complain(f"without effect {'with' if options.paper else 'without'} --paper: {', '.join(given)}")
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        text = _paper(options, bars) if options.paper else _grid(options, bars)
    print(text)
    return 0


def _paper(options: argparse.Namespace, bars: Progress) -> str:
    from live_sentiment.models import compute
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.comparison.context import PaperTask
    from live_sentiment.training.comparison.paper import run_paper
    from live_sentiment.training.comparison.sections import SECTIONS

    config = config_from(options)
    compute.apply(config.compute)
    output = options.output or Path("results.md")
    if output.suffix != ".md":
        raise UsageError(f"--output takes a Markdown file with --paper, not {output}")
    task = PaperTask(
        data=options.data,
        output=output,
        work=options.work or Path("results.work"),
        **({} if options.seeds is None else {"seeds": options.seeds}),
        cache=options.cache,
        fresh=options.fresh,
    )
    unknown = [name for name in options.only if name not in SECTIONS]
    if unknown:
        raise UsageError(f"no section {unknown[0]!r}; there are {', '.join(SECTIONS)}")
    sections = {name: one for name, one in SECTIONS.items() if not options.only or name in options.only}
    store = ModelStore(config.models, progress=TerminalProgress())
    return run_paper(task, config, store, bars, sections)


def _grid(options: argparse.Namespace, bars: Progress) -> str:
    from live_sentiment.fusion.cores import CORES
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.training.comparison.grid import Grid, GridTask
    from live_sentiment.training.comparison.grid_page import write_grid

    config = config_from(options)
    task = GridTask(
        data=options.data,
        output=options.output or Path("comparison"),
        fusers=options.fusers or tuple(CORES),
        corpora=options.corpora,
        seeds=options.seeds or 3,
        overrides=options.train,
    )
    store = ModelStore(config.models, progress=TerminalProgress())
    return write_grid(Grid(task, store, config.compute.device, _told(bars)).run(), task)


def _told(bars: Progress) -> Callable[[str, int, int], None]:
    """One bar for each thing that is being done."""
    tasks: dict[str, Any] = {}

    def told(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    return told
