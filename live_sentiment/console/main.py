"""`live-sentiment`: parse the command line, run one command, turn errors into one line and an exit code.

A command is a module of this package with `add_parser(commands)`, which declares its options and sets `run`,
a function of the parsed arguments that returns the exit code. Heavy imports belong inside `run`, so that
`--help` stays instant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from live_sentiment import __version__
from live_sentiment.console import (
    bench,
    cache,
    card,
    compare,
    devices,
    evaluate,
    export,
    models,
    repair,
    replay,
    report,
    run,
    schema,
    train,
)
from live_sentiment.errors import LiveSentimentError

COMMANDS = (
    run,
    devices,
    replay,
    report,
    export,
    repair,
    models,
    bench,
    schema,
    train,
    evaluate,
    compare,
    cache,
    card,
)

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="live-sentiment",
        description="What a person feels, from voice, face and words on one clock.",
    )
    parser.add_argument("--version", action="version", version=f"live-sentiment {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except LiveSentimentError as error:
        if options.debug:
            raise
        print(f"live-sentiment: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("live-sentiment: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
