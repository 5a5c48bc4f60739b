"""Grabbing pictures on a thread that may be abandoned.

A driver may block for ever on a camera that was pulled out (opencv #4468), and no thread can be ended from
outside. So each opening of a camera gets a reader of its own: a daemon thread that alone touches the device,
and a small box from which its frames are taken. Who owns the reader never waits for it: it takes what is in
the box, and abandons the reader when nothing comes. What an abandoned reader still says goes nowhere; it
releases its device and ends whenever the driver lets it.

The reader grabs at the camera's pace, whatever becomes of the frames: a driver's queue must not fill up, or
every frame from it would be old when it is stamped. Only the costly part, retrieving, is left out while the
box is full.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import ImageArray
from live_sentiment.sources.camera.frame_device import EndedError, FrameDevice
from live_sentiment.streams.worker import described

WAITING = 4
"""Frames that may wait in the box: a breath of who takes them, not a queue."""
_RETRY_S = 0.02
"""Pause after a grab that failed at once."""


@dataclass(frozen=True, slots=True)
class GrabbedFrame:
    """A picture and the moment it was grabbed."""

    image: ImageArray
    at_s: float
    """On the clock, not yet session time."""


class FrameReader:
    """Reads one opening of a device until it is abandoned, or the device fails or ends.

    Args:
        device: touched by the reader's thread alone.
        clock: stamps the frames.
        wake: set whenever there is something new to look at.
        wanted: whether frames are kept from the start.
    """

    def __init__(self, device: FrameDevice, clock: Clock, wake: threading.Event, wanted: bool) -> None:
        self._device, self._clock, self._wake = device, clock, wake
        self._box: deque[GrabbedFrame] = deque()
        self._abandoned = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera reader", daemon=True)
        self.finished = threading.Event()
        """Set when the device has been released and the thread is about to end."""
        self.error: Exception | None = None
        """What ended it; None where it was abandoned or has not ended."""
        self.grabbed = 0
        """Frames grabbed so far, retrieved or not."""
        self.alive_s = 0.0
        """On the clock: the last frame that could be read, or would have been but for a full box."""
        self.wanted = wanted
        """Whether frames are retrieved at all; before, they are grabbed and let go."""
        self.dropped: Counter[str] = Counter({"late": 0, "unreadable": 0})
        """Frames lost here, by cause: "late" (the box was full), "unreadable"."""

    def start(self) -> None:
        """Open the device and begin to grab, on the reader's own thread."""
        self._thread.start()

    def take(self) -> GrabbedFrame | None:
        """The oldest frame in the box; None where it is empty."""
        return self._box.popleft() if self._box else None

    @property
    def ended(self) -> bool:
        """Whether it was a file that has been shown to its end, rather than a fault."""
        return isinstance(self.error, EndedError)

    def abandon(self) -> None:
        """Have no more to do with it: it ends by itself, as soon as the driver lets it."""
        self._abandoned.set()

    def _run(self) -> None:
        try:
            try:
                self._device.open()
                self._read()
            finally:
                self._device.release()
        except BaseException as error:  # the owner decides what it means: nobody looks at this thread
            self.error = error if isinstance(error, Exception) else RuntimeError(described(error))
        finally:
            self.finished.set()
            self._wake.set()

    def _read(self) -> None:
        while not self._abandoned.is_set():
            if not self._device.grab():
                self._clock.sleep(_RETRY_S, self._abandoned)
                continue
            at_s = self._clock.now_s()
            self.grabbed += 1
            if self.wanted:
                self._keep(at_s)
            elif self.grabbed == 1:
                self._wake.set()

    def _keep(self, at_s: float) -> None:
        if len(self._box) >= WAITING:
            self.dropped["late"] += 1
            self.alive_s = at_s
            return
        image = self._device.retrieve()
        if image is None:
            self.dropped["unreadable"] += 1
        else:
            self.alive_s = at_s
            self._box.append(GrabbedFrame(image, at_s))
            self._wake.set()
