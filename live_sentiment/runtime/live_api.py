"""For programs: a live session as a context manager, with callbacks and as a loop; see docs/python.md."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event, TimelinePoint, Transcript, Word
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.channel import Channel, Full

if TYPE_CHECKING:
    from live_sentiment.core.clock import Clock
    from live_sentiment.runtime.live import Live, LiveOutcome
    from live_sentiment.runtime.snapshot import Snapshot
    from live_sentiment.sources.capture import CaptureDevice
    from live_sentiment.timeline.timeline import Segment

WAITING = 1024
"""Points that may wait for the loop over a session."""
RELEASE_S = 2.0
"""What a device is given to be released."""

_log = logging.getLogger("live_sentiment")

DeviceChoice: TypeAlias = "bool | int | str | Path | CaptureDevice"
"""True is the system's own choice, False none; a number, a name, an address or a file, as for `run`; or a
device of one's own."""


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
        self._teller = _Teller(self._points, provisional)
        self._callbacks = _Callbacks(provisional, on_point, on_words, on_segment, on_event)
        self._closing = ExitStack()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Open the devices, load the models and begin.

        Raises:
            UsageError: a device, a model or the folder cannot be used.
            RunError: a model could not be fetched.
        """
        if self._live is not None:
            raise UsageError("a session runs once; make another one")
        from live_sentiment.core.clock import MonotonicClock
        from live_sentiment.runtime.live import Live
        from live_sentiment.runtime.stages import open_stages
        from live_sentiment.sinks.async_sink import Outlet

        clock = MonotonicClock() if self._clock is None else self._clock
        with ExitStack() as opening:
            camera = self._open("camera", self._camera, clock, opening)
            microphone = self._open("microphone", self._microphone, clock, opening)
            if camera is None and microphone is None:
                raise UsageError("without a camera and a microphone there is nothing to analyse")
            stages = opening.enter_context(open_stages(self._config, live=True))
            callbacks = Outlet(self._callbacks, "callbacks", clock=clock)
            self._live = Live(
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

    def _running(self) -> Live:
        if self._live is None:
            raise UsageError("the session has not begun: use it as `with Session() as session:`")
        return self._live

    def _run(self, live: Live) -> None:
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
        self, kind: str, choice: DeviceChoice, clock: Clock, opening: ExitStack
    ) -> CaptureDevice | None:
        if choice is False:
            return None
        device = _device(kind, choice, self._config, clock)
        opening.callback(_release, device)
        device.open()
        return device


class _Teller(Sink):
    """A sink that puts points into the channel of the loop."""

    def __init__(self, points: Channel[TimelinePoint], provisional: bool) -> None:
        self._points, self._provisional = points, provisional

    def point(self, point: TimelinePoint) -> None:
        if point.final or self._provisional:
            self._points.put(point)


class _Callbacks:
    """Calls what a program wants called; a carrier of an outlet."""

    def __init__(
        self,
        provisional: bool,
        on_point: Callable[[TimelinePoint], object] | None,
        on_words: Callable[[tuple[Word, ...]], object] | None,
        on_segment: Callable[[Segment], object] | None,
        on_event: Callable[[Event], object] | None,
    ) -> None:
        self._provisional = provisional
        self._wanted: dict[str, Callable[[Any], object] | None] = {
            "on_point": on_point,
            "on_words": on_words,
            "on_segment": on_segment,
            "on_event": on_event,
        }
        self._trouble: Callable[[str], None] = lambda message: None

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        self._trouble = trouble

    def point(self, point: TimelinePoint) -> None:
        if point.final or self._provisional:
            self._call("on_point", point)

    def segment(self, segment: Segment) -> None:
        self._call("on_segment", segment)

    def event(self, event: Event) -> None:
        self._call("on_event", event)

    def words(self, transcript: Transcript) -> None:
        if transcript.committed:
            self._call("on_words", transcript.committed)

    def close(self, *, complete: bool) -> None:
        pass

    def _call(self, name: str, told: object) -> None:
        wanted = self._wanted[name]
        if wanted is None:
            return
        try:
            wanted(told)
        except BaseException as error:
            self._wanted[name] = None
            message = f"{name} raised {type(error).__name__} and is not called any more"
            _log.exception(message)
            self._trouble(message)


def _device(kind: str, choice: DeviceChoice, config: Config, clock: Clock) -> CaptureDevice:
    if not isinstance(choice, bool | int | str | Path):
        return choice
    named = None if choice is True else str(choice)
    if kind == "camera":
        from live_sentiment.sources.camera.camera import Camera
        from live_sentiment.sources.camera.listing import choose_camera

        return Camera(choose_camera(named), config.camera, clock)
    from live_sentiment.sources.microphone.listing import choose_microphone
    from live_sentiment.sources.microphone.microphone import Microphone

    return Microphone(choose_microphone(named), config.microphone, clock)


def _release(device: CaptureDevice) -> None:
    device.stop()
    device.join(RELEASE_S)
