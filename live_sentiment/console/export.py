"""`live-sentiment export`: a session as tables, captions, annotation tiers and pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from live_sentiment.console.exports import complain, written
from live_sentiment.console.failures import exit_code, told
from live_sentiment.export import FORMATS, formats
from live_sentiment.terminal.printable import printable

_FORMATS = "\n".join(f"  {format.name:<10}{format.file:<24}{format.summary}" for format in FORMATS.values())

EXAMPLES = f"""\
formats:
{_FORMATS}

examples:
  live-sentiment export recordings/2026-11-21_14-03-07 --to csv
  live-sentiment export live-sentiment-output/talk --to parquet,srt --output results
  live-sentiment export live-sentiment-output/talk --to eaf --media talk.mp4

docs/export.md says what is in each. Files of these names are replaced.
"""


def add_parser(commands: Any) -> None:
    """Declare `export`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export",
        help="write a session as tables, captions, tiers or pictures",
        description="Write a session, or the replay of a file, in the formats of other programs.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("session", type=Path, metavar="FOLDER|FILE", help="its folder, or a timeline.jsonl")
    parser.add_argument("--to", required=True, metavar="FORMAT,…", help="one or more of the formats below")
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: the folder of the session")
    parser.add_argument(
        "--media",
        type=Path,
        metavar="FILE",
        help="the video or sound, where it does not lie with the results",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write each export; one that fails is reported and the others go on."""
    asked = formats(options.to)
    from live_sentiment.export.recorded import open_recorded
    from live_sentiment.sinks.file import make_folder

    session = open_recorded(options.session, options.media)
    for note in session.notes:
        complain(f"note: {note}")
    folder = options.output or session.folder
    make_folder(folder)
    worst = 0
    for format in asked:
        try:
            print(printable(written(format, session, folder)), flush=True)
        except BrokenPipeError:
            raise  # nobody reads what is printed
        except Exception as error:
            if len(asked) == 1 or options.debug:
                raise
            complain(told(error))
            worst = max(worst, exit_code(error))
    return worst
