"""`live-sentiment`: parse the command line, run one command, turn whatever goes wrong into a line and a code.

A command is a module of this package with `add_parser(commands)`, which declares its options and sets `run`,
a function of the parsed arguments that returns the exit code, and `extra` where it needs one of the extras of
the installation. Heavy imports belong inside `run`, so that `--help` stays instant.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from live_sentiment import __version__
from live_sentiment.core.errors import EndedBySignal
from live_sentiment.core.extras import check_extra

COMMANDS = (
    "run",
    "devices",
    "replay",
    "report",
    "export",
    "explain",
    "repair",
    "models",
    "bench",
    "schema",
    "train",
    "evaluate",
    "compare",
    "cache",
    "card",
)
"""The modules of the commands, in the order of the help."""

READER_GONE = 141
"""Exit code where nobody reads the output any more (`| head`): 128 and SIGPIPE, as shells have it."""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="live-sentiment",
        description="What a person feels, from voice, face and words on one clock.",
    )
    parser.add_argument("--version", action="version", version=f"live-sentiment {__version__}")
    parser.set_defaults(debug=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        import_module(f"live_sentiment.console.{command}").add_parser(commands)
    _complete(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; with --debug errors are raised and not told in one line."""
    options = argparse.Namespace(debug=False, extra=None)
    try:
        try:
            build_parser().parse_args(arguments, options)
        except SystemExit:  # --help and --version: what they print may be lost as well
            sys.stdout.flush()
            raise
        if options.extra is not None:
            check_extra(options.extra, "this command")
        ended_with = int(options.run(options))
        sys.stdout.flush()
        return ended_with
    except BaseException as error:
        if isinstance(error, SystemExit) and not isinstance(error, EndedBySignal):
            raise
        from live_sentiment.console.failures import exit_code, interrupt_code, reader_is_gone, told

        if (code := interrupt_code(error)) is not None:
            _say("interrupted")
            return code
        if reader_is_gone(error):
            return READER_GONE
        if options.debug:
            raise
        _say(told(error))
        return exit_code(error)


def _say(line: str) -> None:
    # Where standard error is closed or full there is nobody left to tell.
    with contextlib.suppress(OSError, ValueError):
        print(f"live-sentiment: {line}", file=sys.stderr, flush=True)


def _complete(parser: argparse.ArgumentParser) -> None:
    """Give a command and those below it what all have: `--debug` anywhere, and paths that are named."""
    parser.register("type", Path, _named_path)
    # The parser below must not set what the one above has read.
    parser.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
    )
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in dict.fromkeys(action.choices.values()):
                _complete(below)


def _named_path(argument: str) -> Path:
    """To Python an empty path is the folder it runs in, which nobody means to have written to."""
    if not argument.strip():
        raise argparse.ArgumentTypeError("it is empty, and names no file; is a variable of the shell unset?")
    return Path(argument)


if __name__ == "__main__":
    sys.exit(main())
