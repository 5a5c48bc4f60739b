"""`live-sentiment train PART`: train the shipped weights again, on corpora the user names."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Declare `train` and one subcommand per trained part."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "train", help="train the small networks and heads that ship with the package"
    )
    parser.add_subparsers(title="parts", metavar="PART", required=True)
