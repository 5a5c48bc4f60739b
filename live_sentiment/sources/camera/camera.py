"""The camera of a live session: frames stamped at the grab, and a camera that is taken back when it was lost.

**Who owns which thread.** `start` begins one thread, "camera". It alone talks to the listener, so that all it
says is in order of time, and it alone decides: it waits for frames with a deadline, declares the camera lost,
lets time pass with bounds meanwhile, and tries again. It never touches a device. Each opening of a device has
a thread of its own, a `FrameReader`, owned by the camera thread (the first one by `open`, until `start`). A
reader that gives nothing in time is abandoned: OpenCV may block in it for ever. Its frames go nowhere from
then on; it releases its device and ends when the driver lets it, and being a daemon it never holds up the end
of the program. `FrameReaders` keeps count of those, so that a driver that hangs every time does not fill the
process with them.

**Who stops it.** `stop` asks the camera thread to end, which gives its reader a moment to release the device;
`join` returns within a second even if the reader hangs.

**What happens when it throws.** An exception in a reader, and one in the camera thread itself, is told as an
event, counts as a loss of the camera and is followed by another try, like any other loss.

**What counts as lost.** No frame for `lost_after_s`; a reader that failed; and, of a camera of this machine,
the very same picture for `frozen_after_s`. A picture that stays the same after opening it again does not
count as its return: a still says nothing of a person. Network cameras are not judged so, because their
encoders may well repeat a picture bit for bit (and some show stills): that is told as an event and goes on. A
file is not judged at all. A blank picture is told as an event and goes on everywhere but in files.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from live_sentiment.core.clock import Clock
from live_sentiment.core.config import CameraConfig
from live_sentiment.core.errors import LiveSentimentError, UsageError
from live_sentiment.core.types import Event, VideoFrame
from live_sentiment.sources.camera.errors import camera_error, stream_error
from live_sentiment.sources.camera.file_camera import FileCamera
from live_sentiment.sources.camera.frame_device import FrameDevice
from live_sentiment.sources.camera.frame_reader import FrameReader, GrabbedFrame
from live_sentiment.sources.camera.frame_readers import FIRST_FRAME_S, FrameReaders
from live_sentiment.sources.camera.freeze_detector import FrameState, FreezeDetector
from live_sentiment.sources.camera.info import CameraChoice
from live_sentiment.sources.camera.opencv_camera import DeviceCamera, StreamCamera
from live_sentiment.sources.camera.opening import opens
from live_sentiment.sources.camera.stream_statistics import StreamStatistics
from live_sentiment.sources.capture import CaptureListener, DeviceHealth, DeviceState

BOUND_EVERY_S = 0.25
"""While it is lost, time passes in steps of this."""


class Camera:
    """A `CaptureDevice` over anything that gives pictures.

    Args:
        choice: which camera; see `choose_camera`.
        config: what is asked of it, and how long it may be silent or the same.
        clock: stamps the frames.
        make_device: makes what is opened each time; None is what `choice` needs.
    """

    def __init__(
        self,
        choice: CameraChoice,
        config: CameraConfig,
        clock: Clock,
        make_device: Callable[[], FrameDevice] | None = None,
    ) -> None:
        self._listener: CaptureListener
        self._choice, self._config, self._clock = choice, config, clock
        self._wake, self._stopping = threading.Event(), threading.Event()
        make_device = make_device or (lambda: _device_for(choice, config, clock))
        self._readers = FrameReaders(make_device, clock, self._wake)
        self._thread: threading.Thread | None = None
        self._tally = StreamStatistics()
        self._watch = None if choice.kind == "file" else FreezeDetector(config.frozen_after_s)
        self._sight = FrameState.LIVE
        self._state: DeviceState = "opening"
        self._zero_s = 0.0
        self._reached_ms = -1
        """Session time up to which everything was told, frames and bounds."""
        self._alive_s = 0.0
        """On the clock: the last frame, or the start."""
        self._lost_ms = 0
        """Session time, since when it is lost."""
        self._next_bound_s = 0.0
        """On the clock."""
        self._over = False
        """A file has been shown to its end."""

    def open(self) -> None:
        """Open it and wait for its first picture. A file begins with the session instead.

        Raises:
            UsageError: it is not there, busy, not permitted, or gives no picture; says what to do.
        """
        if self._choice.kind == "file":
            return
        if sys.platform == "darwin" and self._choice.kind == "device":
            opens(self._choice.index or 0)  # only on the main thread can macOS ask for the permission
        try:
            self._await_first(self._readers.begin(wanted=False))
        except BaseException:
            self.stop()
            raise

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        """Hand frames to the listener, from a thread of the camera's own."""
        self._listener, self._zero_s = listener, zero_s
        self._alive_s = self._clock.now_s()
        if self._readers.current is None:
            self._readers.begin()
        else:
            self._readers.current.wanted = True
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping.set()
        self._wake.set()
        if self._thread is None:
            self._state = "stopped"
            self._readers.abandon()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the listener will hear no more. Returns whether it has come to that."""
        if self._thread is None:
            return True
        return self._clock.join(self._thread, timeout_s)

    def health(self) -> DeviceHealth:
        """Measured rate, size, state, drops by cause and gaps, the present one included."""
        state, reader = self._state, self._readers.current
        gaps, gap_s = self._tally.gaps
        if state == "lost":
            gaps, gap_s = gaps + 1, gap_s + self._missing_s()
        width_px, height_px = self._tally.size_px
        return DeviceHealth(
            "camera",
            self._choice.name,
            state,
            rate_hz=self._tally.rate_hz if state == "running" else 0.0,
            width_px=width_px,
            height_px=height_px,
            delay_s=self._config.delay_s,
            dropped=self._tally.dropped + self._readers.dropped + (reader.dropped if reader else Counter()),
            gaps=gaps,
            gap_s=gap_s,
        )

    def _await_first(self, reader: FrameReader) -> None:
        end_s = self._clock.now_s() + FIRST_FRAME_S
        while not (reader.grabbed or self._stopping.is_set()):
            self._wake.clear()
            if reader.finished.is_set():
                raise _explained(reader.error, self._choice.name)
            left_s = end_s - self._clock.now_s()
            if left_s <= 0:
                if self._choice.kind == "stream":
                    raise stream_error(self._choice.name)
                raise camera_error("silent", self._choice.name, self._choice.address or None)
            if not reader.grabbed:
                self._clock.sleep(left_s, self._wake)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._step()
            except BaseException as error:  # a loss of this camera, not of the session
                self._fail(error)
                self._clock.sleep(BOUND_EVERY_S, self._stopping)
        self._readers.settle()
        if self._state == "lost":
            self._tally.gap(self._missing_s())
        self._state = "stopped"

    def _step(self) -> None:
        """Take one frame, or do what the time asks for and wait for what comes next."""
        self._wake.clear()
        if self._stopping.is_set():
            return
        reader = self._readers.current
        finished = reader is not None and reader.finished.is_set()
        frame = reader.take() if reader is not None else None
        if frame is not None:
            self._deliver(frame)
        elif self._state == "lost":
            self._recover()
        elif reader is not None:
            self._expect(reader, finished)

    def _deliver(self, grabbed: GrabbedFrame) -> None:
        time_ms = self._session_ms(grabbed.at_s)
        if time_ms < 0:  # older than the session
            return
        if time_ms <= self._reached_ms:
            self._tally.drop(Counter({"out of order": 1}))
            return
        frame = VideoFrame(grabbed.image, time_ms / 1000)
        sight = self._watch(frame.image, frame.time_s) if self._watch else FrameState.LIVE
        if self._state == "lost":
            if sight is FrameState.FROZEN:
                self._tally.drop(Counter({"frozen": 1}))
                return
            self._tally.gap((time_ms - self._lost_ms) / 1000)
            self._listener.back("camera", frame.time_s)
        self._state = "running"
        self._reached_ms, self._alive_s = time_ms, grabbed.at_s
        self._listener.picture(frame)
        self._tally.frame(frame)
        if sight is not self._sight:
            self._sight = sight
            self._tell(sight, frame.time_s)

    def _tell(self, sight: FrameState, at_s: float) -> None:
        for_s = f"{self._config.frozen_after_s:g} s"
        if sight is FrameState.BLANK:
            text = f"the picture has been black or blank for {for_s}: is the lens covered?"
            self._listener.event(Event(at_s, "camera-blank", text))
        elif sight is FrameState.FROZEN and self._choice.kind == "stream":
            text = f"the picture has not changed at all for {for_s}: a still, or a frozen camera"
            self._listener.event(Event(at_s, "camera-still", text))
        elif sight is FrameState.FROZEN:
            text = f"the camera has given the very same picture for {for_s}: it is frozen, and opened again"
            self._listener.event(Event(at_s, "camera-frozen", text))
            self._lose("camera frozen")

    def _expect(self, reader: FrameReader, finished: bool) -> None:
        """Wait for a frame for as long as the camera may take."""
        # One that was only now opened, as a file is, may take longer to its first frame.
        patience_s = self._config.lost_after_s if reader.grabbed else FIRST_FRAME_S
        left_s = max(self._alive_s, reader.alive_s) + patience_s - self._clock.now_s()
        if finished and reader.ended:
            self._over = True
            self._lose("video file ended")
        elif finished:
            self._fail(reader.error)
        elif left_s <= 0:
            self._lose("camera lost")
        else:
            self._clock.sleep(left_s, self._wake)

    def _fail(self, error: BaseException | None) -> None:
        if self._state == "lost":
            self._readers.abandon()
            return
        text = f"reading the camera failed and is tried again: {error!r}"
        self._listener.event(Event(max(self._session_s(), 0.0), "camera-failed", text))
        self._lose("camera failed")

    def _lose(self, reason: str) -> None:
        self._state = "lost"
        self._readers.abandon()
        self._lost_ms = max(self._reached_ms, 0)
        self._next_bound_s = self._clock.now_s()
        if self._watch is not None and reason != "camera frozen":
            self._watch.reset()
            self._sight = FrameState.LIVE
        self._listener.lost("camera", self._lost_ms / 1000, reason)

    def _recover(self) -> None:
        """Let time pass for the listener, and try to take the camera back."""
        now_s = self._clock.now_s()
        if now_s >= self._next_bound_s:
            until_ms = self._session_ms(now_s)
            if until_ms > self._reached_ms:
                self._reached_ms = until_ms
                self._listener.nothing("camera", until_ms / 1000)
            self._next_bound_s = now_s + BOUND_EVERY_S
        if not self._over:
            self._readers.retry()
        self._clock.sleep(self._next_bound_s - now_s, self._wake)

    def _missing_s(self) -> float:
        return max(self._session_s() - self._lost_ms / 1000, 0.0)

    def _session_s(self) -> float:
        return self._clock.now_s() - self._zero_s - self._config.delay_s

    def _session_ms(self, at_s: float) -> int:
        return round((at_s - self._zero_s - self._config.delay_s) * 1000)


def _device_for(choice: CameraChoice, config: CameraConfig, clock: Clock) -> FrameDevice:
    if choice.kind == "file":
        return FileCamera(Path(choice.address), clock, choice.loop)
    if choice.kind == "stream":
        return StreamCamera(choice, config, clock)
    return DeviceCamera(choice, config)


def _explained(error: Exception | None, name: str) -> LiveSentimentError:
    return (
        error if isinstance(error, LiveSentimentError) else UsageError(f"{name} cannot be opened: {error!r}")
    )
