"""`live-sentiment run`: a live session with a camera and a microphone."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.console.exports import add_export_option, asked_formats, export_afterwards
from live_sentiment.console.options import add_config_options, clock_time, config_from
from live_sentiment.console.outlets import add_outlet_options, begin_outlets, open_outlets
from live_sentiment.console.printing import print_json
from live_sentiment.console.serving import add_serve_option, open_server
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.sources import devices
from live_sentiment.terminal.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

    from live_sentiment.core.clock import Clock
    from live_sentiment.core.config import Config
    from live_sentiment.runtime.live_session import LiveOutcome, LiveSession
    from live_sentiment.sources.capture import CaptureDevice, Device

POLL_S = 0.1
"""How soon a signal is acted upon: a thread that waits for another on Windows hears no Ctrl-C."""

EXAMPLES = """\
examples:
  live-sentiment run
  live-sentiment run --camera 1 --microphone headset --duration 10:00
  live-sentiment run --camera rtsp://door.local/stream --no-microphone
  live-sentiment run --camera talk.mp4 --loop --no-record
  live-sentiment run --serve
  live-sentiment run --lsl --osc 127.0.0.1:9000 --mqtt localhost:1883/lab

keys, while the dashboard shows:
  q quit   m marker with a note   p pause   v picture   1 text   2 voice   3 vision off and on
"""


def add_parser(commands: Any) -> None:
    """Declare `run`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "run",
        help="analyse a camera and a microphone, live",
        description="Analyse and record what a camera sees and a microphone hears, until Ctrl-C.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    devices = parser.add_argument_group("devices", "`live-sentiment devices` lists them")
    camera = devices.add_mutually_exclusive_group()
    camera.add_argument("--camera", metavar="NUMBER|NAME|URL|FILE", help="default: the system's first")
    camera.add_argument("--no-camera", action="store_true", help="listen only")
    devices.add_argument("--loop", action="store_true", help="show a video FILE over and over")
    microphone = devices.add_mutually_exclusive_group()
    microphone.add_argument("--microphone", metavar="NUMBER|NAME", help="default: the system's default")
    microphone.add_argument("--no-microphone", action="store_true", help="look only")
    kept = parser.add_argument_group("what is kept")
    kept.add_argument(
        "--record",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write picture, sound and results to a folder; default: yes",
    )
    kept.add_argument(
        "--no-video-storage", action="store_true", help="keep numbers and words, but no picture and no sound"
    )
    kept.add_argument("--blur-faces", action="store_true", help="make faces in the kept picture unknowable")
    kept.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="a folder named after the local time is made in it; default: recordings",
    )
    add_export_option(kept)
    add_outlet_options(parser)
    add_serve_option(parser)
    parser.add_argument("--duration", type=clock_time, metavar="TIME", help="seconds or [HH:]MM:SS")
    parser.add_argument("--no-dashboard", action="store_true", help="show nothing while it runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end, not a summary")
    add_config_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run one session; 0 where it ended by itself or by `q`, 128 and the signal that ended it, 1 where not
    everything was kept."""
    _check(options)
    exports = asked_formats(options)
    config = config_from(options)
    outlets = open_outlets(options, config)
    from live_sentiment.core.clock import MonotonicClock

    clock = MonotonicClock()
    with contextlib.ExitStack() as closing:
        server = open_server(options, closing, config.serve)
        camera, microphone = _open_devices(options, config, clock, closing)

        from live_sentiment.models.store.progress import TerminalProgress
        from live_sentiment.models.store.store import ModelStore
        from live_sentiment.runtime.live_session import LiveSession
        from live_sentiment.runtime.stages import load_stages

        _say("loading the models …")
        stages = load_stages(config, ModelStore(config.models, progress=TerminalProgress()), live=True)
        folder = _make_folder(options.output or config.recording.folder) if options.record else None
        live = LiveSession(
            config,
            stages,
            camera=camera,
            microphone=microphone,
            folder=folder,
            keep_media=not options.no_video_storage,
            blur_faces=options.blur_faces,
            duration_s=options.duration,
            sinks=[*outlets, server.hub] if server else outlets,
            clock=clock,
        )
        closing.callback(live.close)
        if outlets:
            begin_outlets(outlets, live.now_s, live.tell, shown=not options.no_dashboard)
        if server:
            closing.enter_context(server.serving(live.snapshot))
        code = conduct(live, options, clock)
    if folder is not None:
        export_afterwards(folder, exports, quiet=options.json)
    return code


def conduct(live: LiveSession, options: argparse.Namespace, clock: Clock) -> int:
    """Let a session run until it ends or is ended, showing it meanwhile, and say what came of it.

    Raises:
        RunError: the session failed; where what it wrote lies has been said.
    """
    from rich.console import Console

    from live_sentiment.console.ending import Ending
    from live_sentiment.terminal.controls import LiveControls
    from live_sentiment.terminal.dashboard import Dashboard, SteadyConsole
    from live_sentiment.terminal.hang_up import outlived_terminal
    from live_sentiment.terminal.keys import Keys
    from live_sentiment.terminal.native_messages import kept_off_the_screen
    from live_sentiment.terminal.view import View

    view = View()
    controls = LiveControls(live, view)
    # With --json, standard output belongs to the results.
    dashboard = Dashboard(live.snapshot, SteadyConsole(stderr=options.json), controls.foot, view)

    def press(key: str) -> None:
        controls.press(key)
        dashboard.refresh()

    def give_back() -> None:
        dashboard.leave_screen()
        keys.restore()

    ending = Ending(clock, give_back)
    keys = Keys(press, away=dashboard.leave_screen, back=dashboard.take_screen, on_hang_up=ending.hang_up)
    shown = not options.no_dashboard
    try:
        with outlived_terminal(), ending, contextlib.ExitStack() as showing:
            if shown and dashboard.drawn:
                showing.enter_context(kept_off_the_screen())
                showing.enter_context(keys)
            if shown:
                showing.enter_context(dashboard)
                showing.callback(keys.resume_output)
            outcome = _run(live, lambda: ending.asked)
    except Exception:
        if live.outputs:
            _say(f"{' and '.join(map(str, live.outputs))} hold what was analysed so far")
        raise
    if dashboard.failure is not None and not isinstance(dashboard.failure, OSError | SystemExit):
        _say(f"warning: nothing was shown any more: {dashboard.failure!r}")
    if options.json:
        print_json(outcome.fields())
    else:
        _print_summary(live, outcome, options, Console(highlight=False, soft_wrap=True))
    for failure in outcome.failures:
        _say(f"not everything was kept: {failure}")
    return RunError.exit_code if outcome.failures else ending.exit_code


def _run(live: LiveSession, asked: Callable[[], bool]) -> LiveOutcome:
    """Run it on a thread, so that the main thread is free to hear signals at any moment.

    Whatever happens to the main thread meanwhile, the session comes to its end before that goes further.
    """
    from live_sentiment.streams.worker import Worker, described

    outcomes: list[LiveOutcome] = []
    session = Worker("session", lambda: outcomes.append(live.run()))
    session.start()
    stopped = False
    try:
        while not session.join(POLL_S):
            if asked() and not stopped:
                stopped = True
                live.stop()
    except BaseException:
        live.stop()
        while not session.join(POLL_S):
            pass
        raise
    if session.error is None:
        return outcomes[0]
    if isinstance(session.error, Exception):
        raise session.error
    raise RunError(f"the session was ended by {described(session.error)}") from session.error


def _check(options: argparse.Namespace) -> None:
    """Refuse what cannot be meant.

    Raises:
        UsageError: as said.
    """
    if options.no_camera and options.no_microphone:
        raise UsageError("without a camera and a microphone there is nothing to analyse")
    if options.loop and options.camera is None:
        raise UsageError("--loop shows a video file over and over; name it with --camera FILE")
    if options.export is not None and not options.record:
        raise UsageError("--export writes what --record keeps; leave out one of --export and --no-record")
    if options.duration is not None and options.duration <= 0:
        raise UsageError("a session of no duration has nothing to analyse; leave --duration out to go on")


def _open_devices(
    options: argparse.Namespace, config: Config, clock: Clock, closing: contextlib.ExitStack
) -> tuple[CaptureDevice | None, CaptureDevice | None]:
    def camera() -> CaptureDevice:
        return devices.camera(options.camera, config, clock, loop=options.loop)

    def microphone() -> CaptureDevice:
        return devices.microphone(options.microphone, config, clock)

    opened = (
        None if options.no_camera else open_device("camera", camera, options.camera, closing),
        None if options.no_microphone else open_device("microphone", microphone, options.microphone, closing),
    )
    if not any(opened):
        raise UsageError(
            "no camera and no microphone can be used; `live-sentiment devices` lists what there is"
        )
    return opened


def open_device(
    kind: Device, make: Callable[[], CaptureDevice], named: str | None, closing: contextlib.ExitStack
) -> CaptureDevice | None:
    """Open a device, to be released by `closing`; None with a warning where the default one cannot be.

    Raises:
        UsageError: one that the user named cannot be opened.
    """
    try:
        return devices.open_until(closing, make())
    except UsageError as error:
        if named is not None:
            raise
        _say(f"warning: going on without a {kind}: {error}")
        return None


def _make_folder(parent: Path) -> Path:
    """A new folder named after the local time.

    Raises:
        UsageError: it cannot be made.
    """
    from live_sentiment.sinks.atomic import OWNER_ONLY_FOLDER

    name = f"{datetime.now():%Y-%m-%d_%H-%M-%S}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 1000):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=OWNER_ONLY_FOLDER)
                return folder
    except OSError as error:
        raise UsageError(
            f"cannot make a folder in {parent}: {error.strerror}; choose another --output"
        ) from error
    raise UsageError(f"{parent} holds a thousand sessions of this very second; choose another --output")


def _print_summary(
    live: LiveSession, outcome: LiveOutcome, options: argparse.Namespace, console: Console
) -> None:
    from live_sentiment.terminal.summary import summary

    console.print(summary(outcome.summary, live.snapshot().source, outcome.outputs))
    if outcome.folder is None:
        console.print("nothing was written (--no-record)")
    elif options.no_video_storage:
        console.print("no picture and no sound was kept (--no-video-storage), so there is nothing to replay")
    elif any(path.suffix == ".mkv" for path in outcome.outputs):
        again = f"replay it with: live-sentiment replay {shlex.quote(str(outcome.folder))}"
        console.print(printable(again), markup=False)


def _say(line: str) -> None:
    print(f"live-sentiment: {printable(line)}", file=sys.stderr, flush=True)
