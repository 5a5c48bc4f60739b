"""The option that serves the live results to browsers and other programs."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

from live_sentiment.terminal.printable import printable

if TYPE_CHECKING:
    from live_sentiment.core.config import ServeConfig
    from live_sentiment.serve.server import LiveServer

DEFAULT = "127.0.0.1:8765"


def add_serve_option(parser: argparse.ArgumentParser) -> None:
    """Declare it."""
    parser.add_argument(
        "--serve",
        nargs="?",
        const=DEFAULT,
        metavar="HOST:PORT",
        help=f"a live page, WebSocket, server-sent events and metrics at {DEFAULT}, see docs/live-api.md; "
        "at an address that others reach, they need the token that is printed",
    )


def open_server(
    options: argparse.Namespace, closing: contextlib.ExitStack, config: ServeConfig | None = None
) -> LiveServer | None:
    """The server asked for, listening, and released by `closing`; its address is printed.

    Raises:
        UsageError: a library is missing, or it cannot listen there.
    """
    if options.serve is None:
        return None
    from live_sentiment.serve.listening import parse
    from live_sentiment.serve.server import LiveServer

    server = LiveServer(parse(options.serve), config)
    closing.callback(server.close)
    _say(f"live results at {server.url}")
    if not server.loopback:
        _say("they leave this machine unencrypted, for whoever has that address with its token")
    return server


def _say(line: str) -> None:
    print(f"live-sentiment: {printable(line)}", file=sys.stderr, flush=True)
