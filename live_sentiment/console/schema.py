"""`live-sentiment schema`: print the JSON Schema of what this program writes and sends."""

from __future__ import annotations

import argparse
from importlib.resources import files
from typing import Any

SCHEMAS = {
    "timeline": ("live_sentiment.sinks", "timeline.schema.json"),
    "session": ("live_sentiment.sinks", "session.schema.json"),
    "live": ("live_sentiment.serve", "live.schema.json"),
}

EXAMPLES = """\
examples:
  live-sentiment schema
  live-sentiment schema timeline > timeline.schema.json
"""


def add_parser(commands: Any) -> None:
    """Declare `schema`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="print the JSON Schema of results",
        description="Print a JSON Schema (draft 2020-12): of a line of timeline.jsonl, of session.json, "
        "or of a message of the live results that `run --serve` sends.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", choices=tuple(SCHEMAS), default="live", help="default: live")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    package, name = SCHEMAS[options.name]
    print(files(package).joinpath(name).read_text(encoding="utf-8"), end="")
    return 0
