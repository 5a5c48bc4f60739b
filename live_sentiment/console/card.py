"""`live-sentiment card RUN`: the model card of an experiment."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare `card`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "card",
        help="write the model card of a run",
        description=(
            "Write what a run of `live-sentiment train` was trained on, under which licences, how, and how "
            "good it is and is not, as Markdown."
        ),
    )
    parser.add_argument("folder", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: RUN/card.md")
    parser.set_defaults(run=run, extra="train")


def run(options: argparse.Namespace) -> int:
    """Write the card and say where."""
    from live_sentiment.sinks.atomic import replace_file
    from live_sentiment.training.experiments.card import card

    output = options.output or options.folder / "card.md"
    text = card(options.folder)
    output.parent.mkdir(parents=True, exist_ok=True)
    replace_file(output, text.encode("utf-8"))
    print(f"written {output}")
    return 0
