"""Writing exports and saying where they are: for `export`, and for `--export` of `run` and `replay`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from live_sentiment.core.errors import describe
from live_sentiment.export import FORMATS, Format, formats
from live_sentiment.terminal.printable import printable, printable_lines

if TYPE_CHECKING:
    from live_sentiment.export.recorded import RecordedSession


def add_export_option(parser: argparse._ActionsContainer) -> None:
    """Declare `--export`."""
    parser.add_argument(
        "--export",
        metavar="FORMAT,…",
        help=f"also write, once it has ended: {', '.join(FORMATS)}; see live-sentiment export",
    )


def asked_formats(options: argparse.Namespace) -> list[Format]:
    """What `--export` asks for, checked before the session begins.

    Raises:
        UsageError: a format is unknown, or its library is missing.
    """
    if options.export is None:
        return []
    asked = formats(options.export)
    for format in asked:
        format.check()
    return asked


def export_afterwards(
    folder: Path, asked: Sequence[Format], *, media: Path | None = None, quiet: bool = False
) -> None:
    """Export a session that has ended into its own folder; whatever fails is said, and harms nothing.

    Args:
        folder: of the session.
        asked: what is to be written.
        media: what was analysed, where it does not lie in the folder.
        quiet: standard output belongs to something else.
    """
    if not asked:
        return
    from live_sentiment.export.recorded import open_recorded

    try:
        session = open_recorded(folder, media)
    except Exception as error:
        complain(f"nothing was exported: {describe(error)}")
        return
    for format in asked:
        try:
            print(printable(written(format, session, folder)), file=sys.stderr if quiet else sys.stdout)
        except Exception as error:
            again = f"try again with: live-sentiment export {folder} --to {format.name}"
            complain(f"{format.name} was not exported: {describe(error)}; the session is whole. {again}")


def written(format: Format, session: RecordedSession, folder: Path) -> str:
    """Write one export into a folder; returns what a person is told of it.

    Raises:
        UsageError: its library or the media are missing, or the folder cannot be written.
        RunError: the disk is full.
    """
    exporter = format.load()
    with _bar(format.name) as progress:
        path = exporter(session, folder / format.file, progress)
    beside = f" with {', '.join(format.beside)}" if format.beside else ""
    return f"{path}{beside}"


def complain(message: str) -> None:
    """Say one line on standard error."""
    print(f"live-sentiment: {printable_lines(message)}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _bar(label: str) -> Iterator[Callable[[float], None]]:
    """A bar on standard error while it takes long; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=1.0)
        yield lambda done: bar.update(task, completed=done)
