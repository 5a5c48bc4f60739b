"""`live-sentiment schema`: print the JSON Schema of what this program writes, sends and is configured by."""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from typing import Any

SCHEMAS = {
    "timeline": ("live_sentiment.sinks", "timeline.schema.json"),
    "session": ("live_sentiment.sinks", "session.schema.json"),
    "live": ("live_sentiment.serve", "live.schema.json"),
}
CONFIGURATION = "configuration"

EXAMPLES = """\
examples:
  live-sentiment schema
  live-sentiment schema timeline > timeline.schema.json
  live-sentiment schema configuration --markdown > docs/configuration.md
"""


def add_parser(commands: Any) -> None:
    """Declare `schema`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="print the JSON Schema of results and of the configuration",
        description="Print a JSON Schema (draft 2020-12): of a line of timeline.jsonl, of session.json, "
        "of a message of the live results that `run --serve` sends, or of the configuration.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "name", nargs="?", choices=(*SCHEMAS, CONFIGURATION), default="live", help="default: live"
    )
    parser.add_argument(
        "--markdown", action="store_true", help="every setting as a page for people; of configuration only"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    if options.name == CONFIGURATION:
        print(_configuration(markdown=options.markdown), end="")
        return 0
    if options.markdown:
        from live_sentiment.core.errors import UsageError

        raise UsageError("--markdown is the page of the configuration: schema configuration --markdown")
    package, name = SCHEMAS[options.name]
    print(files(package).joinpath(name).read_text(encoding="utf-8"), end="")
    return 0


def _configuration(*, markdown: bool) -> str:
    if markdown:
        from live_sentiment.console.configuration_page import page

        return page()
    from live_sentiment.core.config import Config

    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | Config.model_json_schema(), indent=2) + "\n"
