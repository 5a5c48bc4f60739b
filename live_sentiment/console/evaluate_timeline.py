"""`live-sentiment evaluate timeline`: how often what is printed is right, how sure, how soon."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.console.options import config_from
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from live_sentiment.core.config import Config

KINDS = ("sustained", "changes", "neutral", "clips", "noise", "telephone")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what `evaluate timeline` has beside the options of `evaluate`."""
    group = parser.add_argument_group("evaluate timeline")
    group.add_argument(
        "--kinds",
        nargs="+",
        choices=KINDS,
        default=KINDS[:4],
        metavar="KIND",
        help=f"of sessions: {', '.join(KINDS)}; default: the first four",
    )
    group.add_argument("--limit", type=int, metavar="N", help="sessions of a kind; default: all there are")
    group.add_argument(
        "--compare",
        action="append",
        default=[],
        metavar="KEY=VALUE,…",
        help="other settings of fusion and timeline, measured on the same perception; repeatable",
    )
    group.add_argument(
        "--shipped-voice",
        action="store_true",
        help="read voices with the shipped head, although it has heard the speakers, instead of training one "
        "without them",
    )
    group.add_argument("--json", action="store_true", help="print the figures as JSON")


def run_timeline(options: argparse.Namespace) -> int:
    """Play the sessions, print the tables, and write them as JSON and Markdown."""
    config = config_from(options)
    if options.split == "validation":
        raise UsageError("evaluate timeline has the splits development and test, not 'validation'")
    if options.limit is not None and options.limit < 1:
        raise UsageError("--limit takes a number from 1 on")
    if options.corpus:
        raise UsageError("evaluate timeline reads the voices of --data; it has no --corpus")
    output = options.output or Path("evaluation-timeline")
    variants = {settings: _with(options, settings) for settings in options.compare}
    from rich.console import Console
    from rich.progress import Progress

    from live_sentiment.export.writing import whole_file
    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.sinks.atomic import BY_UMASK
    from live_sentiment.training.evaluation.timeline_evaluation import TimelineTask, evaluate_timeline
    from live_sentiment.training.evaluation.timeline_table import markdown

    task = TimelineTask(
        options.data,
        options.split or "development",
        tuple(options.kinds),
        options.limit,
        options.seed,
        options.cache or output / "cache",
        strangers=not options.shipped_voice,
        variants=variants,
    )
    store = ModelStore(config.models, progress=TerminalProgress())
    with Progress(console=Console(stderr=True)) as bars:
        evaluation = evaluate_timeline(task, config, store, bars)
    told = json.dumps(evaluation.as_dict(), indent=2, allow_nan=False)
    table = markdown(evaluation)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {output}: {error.strerror}") from error
    for name, text in (("timeline.json", told), ("timeline.md", table)):
        with whole_file(output / name, mode=BY_UMASK) as aside:
            aside.write_text(f"{text}\n", encoding="utf-8")
    print(told if options.json else table)
    return 0


def _with(options: argparse.Namespace, settings: str) -> Config:
    changed = argparse.Namespace(**vars(options))
    changed.overrides = [*options.overrides, *settings.split(",")]
    return config_from(changed)
