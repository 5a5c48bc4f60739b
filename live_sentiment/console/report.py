"""`live-sentiment report`: the story of a session as one page for the browser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from live_sentiment.console.exports import complain
from live_sentiment.terminal.printable import printable

EXAMPLES = """\
examples:
  live-sentiment report recordings/2026-11-21_14-03-07
  live-sentiment report live-sentiment-output/demo --media recordings/demo.mp4 --embed
  live-sentiment report live-sentiment-output/demo/timeline.jsonl --output demo.html

The page needs no network and no other file but the video, which it links or, with --embed, holds.
"""


def add_parser(commands: Any) -> None:
    """Declare `report`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "report",
        help="write a session as one interactive page",
        description="Write one HTML file with the video, plots, transcript, summary and data quality of a "
        "session or a replay.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "session", type=Path, metavar="FOLDER|FILE", help="of a session or a replay, or its timeline.jsonl"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="default: report.html in that folder")
    parser.add_argument(
        "--embed",
        action="store_true",
        help="put the video into the page, as MP4 where it is a recording of `run`, instead of a link",
    )
    parser.add_argument(
        "--media",
        type=Path,
        metavar="FILE",
        help="the video or sound, where it does not lie with the results",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    from live_sentiment.export.recorded import open_recorded
    from live_sentiment.report.page import NAME, write_report

    _check_is_no_media(options.session)
    session = open_recorded(options.session, options.media)
    output = options.output or session.folder / NAME
    if output.is_dir():
        output /= NAME
    for note in session.notes:
        complain(f"note: {note}")
    write_report(session, output, embed=options.embed)
    if session.media is None:
        complain(
            f"no video or sound of {session.name} was found with the results; "
            "--media FILE adds it to the page"
        )
    print(f"{printable(str(output))}  {output.stat().st_size / 1e6:.1f} MB")
    return 0


def _check_is_no_media(path: Path) -> None:
    from live_sentiment.core.errors import UsageError
    from live_sentiment.sources.media.inputs import MEDIA_SUFFIXES

    if path.is_file() and path.suffix.lower() in MEDIA_SUFFIXES:
        raise UsageError(
            f"{path} is not yet analysed: `live-sentiment replay {path}` does that, "
            "and a report is made of the folder with its results"
        )
