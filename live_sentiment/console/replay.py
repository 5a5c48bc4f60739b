"""`live-sentiment replay`: analyse video and audio files, and look at recorded sessions."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.exports import add_export_option, asked_formats, complain, export_afterwards
from live_sentiment.console.failed_files import FailedFiles
from live_sentiment.console.options import add_config_options, clock_time, config_from, speed
from live_sentiment.console.outlets import add_outlet_options, any_outlet, begin_outlets, open_outlets
from live_sentiment.console.printing import print_json
from live_sentiment.console.serving import add_serve_option, open_server
from live_sentiment.console.tracks import add_track_options, tracks_from
from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from live_sentiment.core.config import Config
    from live_sentiment.runtime.file_session import FileSession, Outcome
    from live_sentiment.runtime.playback import Story
    from live_sentiment.serve.server import LiveServer
    from live_sentiment.sinks.async_sink import AsyncSink
    from live_sentiment.sinks.protocol import Sink

EXAMPLES = """\
examples:
  live-sentiment replay recordings/demo.mp4
  live-sentiment replay interviews/ 'takes/*.mkv' --output results
  live-sentiment replay talk.mp4 --start 1:30 --end 2:00 --speed 1
  live-sentiment replay talk.mp4 --no-dashboard --json
  live-sentiment replay stream.mkv --audio-track 2 --channel left
  live-sentiment replay talk.mp4 --export csv,srt
  live-sentiment replay talk.mp4 --speed 1 --lsl --osc 127.0.0.1:9000
  live-sentiment replay recordings/2026-11-21_14-03-07

keys, where one recorded session is replayed on a terminal:
  space play or pause   ←/→ back and forth by 5 s   +/− faster and slower   q leave

What is shown follows the session at its own pace; the analysis runs ahead and does not depend on it.
"""


def add_parser(commands: Any) -> None:
    """Declare `replay`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "replay",
        help="analyse video and audio files and recorded sessions",
        description="Analyse files, folders and patterns; anything that FFmpeg decodes. The folder of a live "
        "session stands for its recording.",
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
    parser.add_argument("--format", choices=("jsonl",), help="deprecated: the timeline is always JSON Lines")
    add_export_option(parser)
    parser.add_argument("--speed", type=speed, default=None, metavar="max|1|2…", help="default: max")
    parser.add_argument("--start", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    parser.add_argument("--end", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    add_track_options(parser)
    parser.add_argument("--no-dashboard", action="store_true", help="show nothing while it runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object a clip, not a summary")
    add_outlet_options(parser)
    add_serve_option(parser)
    add_config_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Analyse every clip; whatever one fails with is told at the end, and the others go on."""
    if (any_outlet(options) or options.serve is not None) and options.speed != 1:
        raise UsageError("other programs are told of a recording at its own pace: add --speed 1")
    exports = asked_formats(options)
    if options.format is not None:
        complain("--format is deprecated and has no effect: the timeline is always JSON Lines")
    config = config_from(options)
    from live_sentiment.sources.media.inputs import find_each

    clips, refused = find_each(options.inputs)
    if options.serve is not None and len(clips) > 1:
        raise UsageError("--serve shows one recording; name one clip")
    failed = FailedFiles(alone=len(clips) + len(refused) == 1, debug=options.debug)
    for argument, error in refused.items():
        failed.add(argument, error)
    if not clips:
        failed.tell()
        return UsageError.exit_code

    from live_sentiment.models.store.progress import TerminalProgress
    from live_sentiment.models.store.store import ModelStore
    from live_sentiment.runtime.allocator import give_back_large_blocks, give_back_memory
    from live_sentiment.runtime.stages import load_stages

    give_back_large_blocks()
    stages = load_stages(config, ModelStore(config.models, progress=TerminalProgress()))
    give_back_memory()  # what reading the weights took
    folders: dict[Path, None] = {}
    try:
        for clip in clips:
            try:
                folder = _folder(clip, options.output, folders)
                folders[folder] = None
                with contextlib.ExitStack() as closing:
                    server = open_server(options, closing, config.serve)
                    outcome = _replay(clip, folder, config, stages, options, server=server)
            except Exception as error:
                failed.add(clip, error)
                continue
            _print(outcome, options)
            export_afterwards(folder, exports, media=clip, quiet=options.json)
    finally:
        failed.tell()
    return failed.exit_code


def _replay(
    clip: Path,
    folder: Path,
    config: Config,
    stages: Any,
    options: argparse.Namespace,
    *,
    server: LiveServer | None,
) -> Outcome:
    from rich.console import Console

    from live_sentiment.runtime.file_session import Excerpt, FileSession

    # With --json, standard output belongs to the results.
    screen = Console(stderr=options.json)
    story = _story(clip, options, screen)
    excerpt = Excerpt(options.start, options.end, options.speed, tracks_from(options))
    outlets = open_outlets(options, config)
    sinks: list[Sink] = [*outlets, *([story] if story else []), *([server.hub] if server else [])]
    saw = story.saw if story else None
    replay = FileSession(clip, config, stages, folder, excerpt=excerpt, sinks=sinks, on_frame=saw)
    try:
        serving = server.serving(replay.snapshot) if server else contextlib.nullcontext()
        with serving, _shown(replay, options, screen, story), _telling(outlets, options):
            return replay.run()
    except BaseException:
        _say_what_is_kept(replay)
        raise


def _story(clip: Path, options: argparse.Namespace, screen: Console) -> Story | None:
    """Keeps what a viewer may go back to, where somebody looks at one recorded session."""
    from live_sentiment.runtime.playback import Story
    from live_sentiment.sources.media.inputs import session_folder
    from live_sentiment.terminal.dashboard import can_draw

    viewed = len(options.inputs) == 1 and session_folder(clip) is not None and not options.no_dashboard
    interactive = can_draw(screen) and sys.stdin is not None and sys.stdin.isatty()
    return Story() if viewed and interactive else None


def _shown(
    replay: FileSession, options: argparse.Namespace, screen: Console, story: Story | None
) -> contextlib.AbstractContextManager[object]:
    if options.no_dashboard:
        return contextlib.nullcontext()
    if story is not None:
        from live_sentiment.console.viewer import viewed

        return viewed(replay, story, options.start or 0.0, options.speed or 1.0, screen)
    from live_sentiment.console.viewer import watched

    return watched(replay, screen)


@contextlib.contextmanager
def _telling(outlets: list[AsyncSink], options: argparse.Namespace) -> Iterator[None]:
    """Begin the outlets with session time running from now, and say at the end what went wrong with them.

    It stays out of the timeline, which is the same wherever a file is analysed.
    """
    from live_sentiment.core.clock import MonotonicClock

    clock = MonotonicClock()
    zero_s = clock.now_s() - (options.start or 0.0)
    troubles: list[str] = []
    begin_outlets(
        outlets,
        lambda: clock.now_s() - zero_s,
        lambda kind, message: troubles.append(message),
        shown=not options.no_dashboard,
    )
    try:
        yield
    finally:
        if not options.no_dashboard:
            for message in troubles:
                complain(f"warning: {message}")


def _print(outcome: Outcome, options: argparse.Namespace) -> None:
    if options.json:
        print_json(outcome.fields())
        return
    from rich.console import Console

    from live_sentiment.terminal.summary import summary

    screen = Console(highlight=False, soft_wrap=True)
    screen.print(summary(outcome.summary, outcome.name, outcome.outputs))


def _say_what_is_kept(replay: FileSession) -> None:
    kept = " and ".join(str(path) for path in replay.outputs)
    complain(f"{kept} hold what was analysed so far")


def _folder(clip: Path, output: Path, taken: Collection[Path]) -> Path:
    """One folder a clip, named after it; clips of one name are told apart by their ending or a number."""
    from live_sentiment.recording.result_folder import choose_folder
    from live_sentiment.sources.media.fingerprint import source_path
    from live_sentiment.sources.media.inputs import session_folder

    session = session_folder(clip)
    names = (clip.stem, clip.name) if session is None else (session.name,)
    return choose_folder(output, names, source_path(clip), taken)
