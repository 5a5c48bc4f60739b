"""For programs: `analyze` reads a file, `Session` a camera and a microphone. docs/python.md shows how.

Importing this loads no model and no library of weight; that waits for the first analysis.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event, TimelinePoint, Word
from live_sentiment.sinks.callbacks import Callbacks
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sources import devices
from live_sentiment.streams.channel import Channel, Full

if TYPE_CHECKING:
    from live_sentiment.core.clock import Clock
    from live_sentiment.runtime.live_session import LiveOutcome, LiveSession
    from live_sentiment.runtime.snapshot import Snapshot
    from live_sentiment.sources.capture import CaptureDevice
    from live_sentiment.timeline.timeline import Segment

AHEAD = 64
"""Points that the analysis of a file may be ahead of the program that takes them."""
WAITING = 1024
"""Points that may wait for the loop over a live session."""

DeviceChoice: TypeAlias = "bool | int | str | Path | CaptureDevice"
"""True is the system's own choice, False none; a number, a name, an address or a file, as for `run`; or a
device of one's own."""


def analyze(
    path: str | Path,
    *,
    config: Config | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    provisional: bool = False,
    audio_track: int | None = None,
    video_track: int | None = None,
    channel: int | None = None,
) -> Generator[TimelinePoint]:
    """Analyse a media file, or the folder of a recorded session, and yield its points as they become final.

    Nothing is written. The analysis runs on threads of its own, a little ahead of the loop; leaving the loop
    early, or closing the generator, ends it. The models stay loaded for the next call.

    Args:
        path: anything that FFmpeg decodes.
        config: None is the default configuration; see `load_config`.
        start_s: where to begin in the file; None is its beginning.
        end_s: where to end.
        provisional: yield provisional points as well; `point.final` tells them apart.
        audio_track: counted from 1; None is, of several, the one with most speech.
        video_track: counted from 1; None is, of several, the one with most of a face.
        channel: of the sound, counted from 1; 0 is a mix of all, None that or the one with speech where the
            others are noise.

    Yields:
        Points in time order, one a hop; a provisional point comes before the final one of its time.

    Raises:
        UsageError: at the first point: the file cannot be read or holds no media, or a model does not exist.
        RunError: a model could not be fetched.
    """
    from live_sentiment.runtime.file_session import Excerpt, FileSession
    from live_sentiment.runtime.stages import open_stages
    from live_sentiment.sources.media.inputs import find_media
    from live_sentiment.sources.media.track_choice import TrackChoice

    config = Config() if config is None else config
    media = _the_one(find_media([str(path)]), path)
    points: Channel[TimelinePoint] = Channel(AHEAD)
    with open_stages(config) as stages:
        told = _Points(points, provisional)
        excerpt = Excerpt(start_s, end_s, tracks=TrackChoice(video_track, audio_track, channel))
        replay = FileSession(media, config, stages, None, excerpt=excerpt, sinks=[told])
        with _running(replay, points):
            yield from points


class Session:
    """A camera and a microphone, analysed from entering the context until `stop`, `duration_s` or leaving it.

    Nothing is kept unless a folder is named. Callbacks are called one at a time on a thread of their own, and
    a slow one holds up nothing but the others: of what waits for them, provisional points go first, and the
    oldest of all else when a thousand wait. A callback that raises is reported, once, to the logger
    "live_sentiment" and as an event, and is not called any more; the others and the session go on.

    Args:
        config: None is the default configuration; see `load_config`.
        camera, microphone: see `DeviceChoice`.
        folder: for the session's files, as `live-sentiment run` writes them; made if need be.
        keep_media: record picture and sound into it, too.
        blur_faces: hide every face in the recorded picture.
        duration_s: end by itself after so long.
        provisional: tell provisional points as well; `point.final` tells them apart.
        on_point: called with each point.
        on_words: called with the words newly committed; never without any.
        on_segment: called with each episode and turning point.
        on_event: called with each event.
        sinks: are told the whole story, on the analysis' own thread; one that raises is left out, and an
            event says so.
        clock: of the session; None is the machine's.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        camera: DeviceChoice = True,
        microphone: DeviceChoice = True,
        folder: str | Path | None = None,
        keep_media: bool = True,
        blur_faces: bool = False,
        duration_s: float | None = None,
        provisional: bool = False,
        on_point: Callable[[TimelinePoint], object] | None = None,
        on_words: Callable[[tuple[Word, ...]], object] | None = None,
        on_segment: Callable[[Segment], object] | None = None,
        on_event: Callable[[Event], object] | None = None,
        sinks: Sequence[Sink] = (),
        clock: Clock | None = None,
    ) -> None:
        self._config = Config() if config is None else config
        self._camera, self._microphone = camera, microphone
        self._folder = None if folder is None else Path(folder)
        self._options: dict[str, Any] = {
            "keep_media": keep_media,
            "blur_faces": blur_faces,
            "duration_s": duration_s,
        }
        self._clock, self._sinks = clock, tuple(sinks)
        self._points: Channel[TimelinePoint] = Channel(WAITING, Full.DROP_OLDEST)
        self._teller = _Points(self._points, provisional)
        self._callbacks = Callbacks(provisional, on_point, on_words, on_segment, on_event)
        self._closing = ExitStack()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._live: LiveSession | None = None

    def __enter__(self) -> Self:
        """Open the devices, load the models and begin.

        Raises:
            UsageError: a device, a model or the folder cannot be used.
            RunError: a model could not be fetched.
        """
        if self._live is not None:
            raise UsageError("a session runs once; make another one")
        from live_sentiment.core.clock import MonotonicClock
        from live_sentiment.runtime.live_session import LiveSession
        from live_sentiment.runtime.stages import open_stages
        from live_sentiment.sinks.async_sink import AsyncSink

        clock = MonotonicClock() if self._clock is None else self._clock
        with ExitStack() as opening:
            camera = self._open(devices.camera, self._camera, clock, opening)
            microphone = self._open(devices.microphone, self._microphone, clock, opening)
            if camera is None and microphone is None:
                raise UsageError("without a camera and a microphone there is nothing to analyse")
            stages = opening.enter_context(open_stages(self._config, live=True))
            callbacks = AsyncSink(self._callbacks, "callbacks", clock=clock)
            self._live = LiveSession(
                self._config,
                stages,
                camera=camera,
                microphone=microphone,
                folder=self._folder,
                sinks=[self._teller, callbacks, *self._sinks],
                clock=clock,
                **self._options,
            )
            opening.callback(self._live.close)
            callbacks.begin(self._live.now_s, self._live.tell)
            self._thread = threading.Thread(target=self._run, args=(self._live,), name="session")
            self._thread.start()
            self._closing = opening.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the session, finish its files, release the devices.

        Raises:
            LiveSentimentError: the session had failed, and the loop over it has not said so.
        """
        with self._closing:
            self.stop()
            self.wait()
        if kind is None and self._failure is not None:
            self._raise_failure()

    def __iter__(self) -> Iterator[TimelinePoint]:
        """Points as they come, until the session ends; the oldest are lost where a thousand wait."""
        yield from self._points
        self._raise_failure()

    def stop(self) -> None:
        """End the session; what was captured is still analysed. Returns at once."""
        self._running().stop()

    def wait(self) -> None:
        """Return once the session has ended, by `stop` or by itself."""
        self._running()
        if self._thread is not None:
            self._thread.join()

    def mark(self, note: str = "", at_s: float | None = None) -> None:
        """Drop a marker at a session time, by default this moment."""
        self._running().mark(note, at_s)

    def now_s(self) -> float:
        """Session time of this moment."""
        return self._running().now_s()

    def snapshot(self) -> Snapshot:
        """Everything that a dashboard shows, of this moment."""
        return self._running().snapshot()

    def outcome(self) -> LiveOutcome:
        """What has come of it so far: summary, files, lags."""
        return self._running().outcome()

    def _running(self) -> LiveSession:
        if self._live is None:
            raise UsageError("the session has not begun: use it as `with Session() as session:`")
        return self._live

    def _run(self, live: LiveSession) -> None:
        try:
            live.run()
        except BaseException as error:
            self._failure = error
        self._points.close()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _open(
        self,
        named: Callable[[str | None, Config, Clock], CaptureDevice],
        choice: DeviceChoice,
        clock: Clock,
        opening: ExitStack,
    ) -> CaptureDevice | None:
        if choice is False:
            return None
        if isinstance(choice, bool | int | str | Path):
            device = named(None if choice is True else str(choice), self._config, clock)
        else:
            device = choice
        return devices.open_until(opening, device)


class _LeftError(Exception):
    """Whoever takes the points has left: ends the analysis from inside."""


class _Points(Sink):
    """A sink that puts points into a channel, which waits or lets go of the oldest where it is full."""

    def __init__(self, points: Channel[TimelinePoint], provisional: bool) -> None:
        self._points, self._provisional = points, provisional

    def point(self, point: TimelinePoint) -> None:
        if (point.final or self._provisional) and not self._points.put(point):
            raise _LeftError


@contextmanager
def _running(replay: Any, points: Channel[TimelinePoint]) -> Generator[None]:
    """Analyse on a thread, which has ended when this is left."""

    def run() -> None:
        try:
            replay.run()
        except _LeftError:
            pass
        except BaseException as error:
            points.fail(error)
        points.close()

    worker = threading.Thread(target=run, name="analyze", daemon=True)
    _cancelled_at_exit(points)
    worker.start()
    try:
        yield
    finally:
        points.cancel()
        worker.join()


def _the_one(media: list[Path], path: str | Path) -> Path:
    if len(media) != 1:
        raise UsageError(f"{path} stands for {len(media)} files; analyse one at a time")
    return media[0]


_open: weakref.WeakSet[Channel[TimelinePoint]] = weakref.WeakSet()
_watcher: list[threading.Thread] = []
_watching = threading.Lock()


def _cancelled_at_exit(points: Channel[TimelinePoint]) -> None:
    """A generator that is never finished, as at a prompt, must not keep the interpreter from ending.

    The threads of its analysis wait for room, and the interpreter waits for them before it calls any other
    hook; that the main thread has ended is the first sign of it.
    """

    def watch() -> None:
        threading.main_thread().join()
        for channel in list(_open):
            channel.cancel()

    with _watching:
        _open.add(points)
        if not _watcher:
            _watcher.append(threading.Thread(target=watch, name="analyze at exit", daemon=True))
            _watcher[0].start()
