"""`live-sentiment replay`: analyse video and audio files."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.options import add_config_options, clock_time, config_from, speed
from live_sentiment.errors import LiveSentimentError, RunError

if TYPE_CHECKING:
    from rich.console import Console

    from live_sentiment.config import Config
    from live_sentiment.replay import Outcome, Replay

EXAMPLES = """\
examples:
  live-sentiment replay recordings/demo.mp4
  live-sentiment replay interviews/ 'takes/*.mkv' --output results
  live-sentiment replay talk.mp4 --start 1:30 --end 2:00 --speed 1
  live-sentiment replay talk.mp4 --no-dashboard --json
"""


def add_parser(commands: Any) -> None:
    """Declare `replay`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "replay",
        help="analyse video and audio files",
        description="Analyse files, folders and patterns; anything that FFmpeg decodes.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("inputs", nargs="+", metavar="CLIP", help="a file, a folder or a pattern")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("live-sentiment-output"),
        metavar="DIR",
        help="one folder a clip is made in it; default: live-sentiment-output",
    )
    parser.add_argument("--format", choices=("jsonl",), default="jsonl", help="of the timeline")
    parser.add_argument("--speed", type=speed, default=None, metavar="max|1|2…", help="default: max")
    parser.add_argument("--start", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    parser.add_argument("--end", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    parser.add_argument("--no-dashboard", action="store_true", help="show nothing while it runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object a clip, not a summary")
    add_config_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Analyse every clip; a clip that fails is reported and the others go on."""
    config = config_from(options)
    from live_sentiment.sources.inputs import find_media

    clips = find_media(options.inputs)
    folders = _folders(clips, options.output)

    from live_sentiment.stages import load_stages
    from live_sentiment.weights.progress import TerminalProgress
    from live_sentiment.weights.store import ModelStore

    stages = load_stages(config, ModelStore(config.models, progress=TerminalProgress()))
    worst = 0
    for clip, folder in zip(clips, folders, strict=True):
        try:
            _replay(clip, folder, config, stages, options)
        except LiveSentimentError as error:
            if len(clips) == 1 or options.debug:
                raise
            print(f"live-sentiment: {error}", file=sys.stderr)
            worst = max(worst, error.exit_code)
    return worst


def _replay(clip: Path, folder: Path, config: Config, stages: Any, options: argparse.Namespace) -> None:
    from rich.console import Console

    from live_sentiment.replay import Excerpt, Replay

    excerpt = Excerpt(options.start, options.end, options.speed)
    replay = Replay(clip, config, stages, folder, excerpt=excerpt)
    try:
        with _shown(replay, options):
            outcome = replay.run()
    except KeyboardInterrupt:
        _say_what_is_kept(replay)
        raise
    except RunError:
        _say_what_is_kept(replay)
        raise
    if options.json:
        print(json.dumps(outcome.fields(), ensure_ascii=False), flush=True)
    else:
        _print_summary(outcome, Console(highlight=False))


@contextlib.contextmanager
def _shown(replay: Replay, options: argparse.Namespace) -> Iterator[None]:
    if options.no_dashboard:
        yield
        return
    from rich.console import Console

    from live_sentiment.terminal.dashboard import Dashboard

    # With --json, standard output belongs to the results.
    with Dashboard(replay.snapshot, Console(stderr=options.json)):
        yield


def _print_summary(outcome: Outcome, console: Console) -> None:
    from live_sentiment.terminal.summary import summary

    console.print(summary(outcome.summary, outcome.source.name, outcome.outputs))


def _say_what_is_kept(replay: Replay) -> None:
    kept = " and ".join(str(path) for path in replay.outputs)
    print(f"live-sentiment: {kept} hold what was analysed so far", file=sys.stderr)


def _folders(clips: list[Path], output: Path) -> list[Path]:
    """One folder a clip, named after it; clips of one name are told apart by their ending or a number."""
    folders: dict[Path, None] = {}
    for clip in clips:
        names = [clip.stem, clip.name, *(f"{clip.stem}-{number}" for number in range(2, len(clips) + 2))]
        folders[next(output / name for name in names if output / name not in folders)] = None
    return list(folders)
