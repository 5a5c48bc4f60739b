"""`live-sentiment schema`: print the JSON Schema of what this program writes, sends and is configured by."""

from __future__ import annotations

import argparse
import json
from importlib.resources import files
from typing import Any

CONFIGURATION = "configuration"
NAMES = ("timeline", "session", "live", CONFIGURATION)

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
    parser.add_argument("name", nargs="?", choices=NAMES, default="live", help="default: live")
    parser.add_argument(
        "--markdown", action="store_true", help="every setting as a page for people; of configuration only"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print it."""
    if not options.markdown:
        print(json.dumps(schema(options.name), indent=2, ensure_ascii=False))
        return 0
    if options.name != CONFIGURATION:
        from live_sentiment.core.errors import UsageError

        raise UsageError("--markdown is the page of the configuration: schema configuration --markdown")
    from live_sentiment.console.configuration_page import page

    print(page(), end="")
    return 0


def schema(name: str) -> dict[str, Any]:
    """The schema of one of NAMES."""
    if name == CONFIGURATION:
        from live_sentiment.core.config import Config

        return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Config.model_json_schema()
    if name == "session":
        from live_sentiment.recording.session_file import session_schema

        return session_schema()
    timeline = _read("live_sentiment.sinks", "timeline.schema.json")
    if name == "timeline":
        return timeline
    live, parts = _read("live_sentiment.serve", "live.schema.json"), timeline["$defs"]
    point, more = parts["point"], live["$defs"]["point"]
    more["properties"], more["required"] = (
        point["properties"] | more["properties"],
        point["required"] + more["required"],
    )
    del live["$comment"], parts["header"]
    return live | {"$defs": parts | live["$defs"] | {"point": point | more}}


def _read(package: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
    return found
