"""`live-sentiment repair`: close the files of a session whose process was killed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from live_sentiment.terminal.printable import printable


def add_parser(commands: Any) -> None:
    """Declare `repair`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "repair",
        help="close the files of a session that was killed",
        description="Give a recording its length and index, and the timeline, transcript and session record "
        "their ends. Nothing is encoded anew, and files that are whole are left alone.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of a session")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Repair the folder and say what was done."""
    from live_sentiment.recording.repair import repair

    done = repair(options.folder)
    if not done:
        print(printable(f"everything in {options.folder} is whole; nothing is to be done"))
    for line in done:
        print(printable(line))
    return 0
