"""One reader at a time, and the next one when it gave nothing: with growing pauses, and never without end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from live_sentiment.core.clock import Clock
from live_sentiment.sources.camera.frame_device import FrameDevice
from live_sentiment.sources.camera.frame_reader import FrameReader

FIRST_FRAME_S = 10.0
"""A camera that is being opened may take so long to its first frame."""
PAUSES_S = (1.0, 2.0, 4.0, 5.0)
"""Between one try to take a camera back and the next."""
RELEASE_S = 0.5
"""What a reader that is done with is given to release its device, before anyone else opens it."""
MOST_HANGING = 8
"""Abandoned readers that may hang at a time; no further one is begun until one of them ends."""


class FrameReaders:
    """Begins readers and abandons them. Used by one thread at a time.

    Args:
        make_device: makes what each reader opens.
        clock: the readers' clock.
        wake: what they set when there is something new.
    """

    def __init__(self, make_device: Callable[[], FrameDevice], clock: Clock, wake: threading.Event) -> None:
        self._make_device, self._clock, self._wake = make_device, clock, wake
        self.current: FrameReader | None = None
        """None between two tries."""
        self.dropped: Counter[str] = Counter()
        """Frames that the abandoned ones lost, by cause."""
        self._abandoned: list[FrameReader] = []
        self._give_up_s = self._next_try_s = 0.0
        self._tries = 0

    def begin(self, *, wanted: bool = True) -> FrameReader:
        """Open the device once more, on a new reader's thread; for now perhaps without keeping its frames."""
        self.current = FrameReader(self._make_device(), self._clock, self._wake, wanted)
        self._give_up_s = self._clock.now_s() + FIRST_FRAME_S
        self.current.start()
        return self.current

    def abandon(self) -> None:
        """Have no more to do with the current one; the next try comes as soon as it can have let go."""
        reader, self.current = self.current, None
        if reader is not None:
            reader.abandon()
            self.dropped = self.dropped + reader.dropped  # a new one: it is read from other threads
            self._abandoned.append(reader)
        self._tries = 0
        self._next_try_s = self._clock.now_s() + RELEASE_S

    def retry(self) -> None:
        """Give up the current one if its time is over, begin the next if that has come; to be called often.

        Whoever calls it takes the frames; once one of them will do, it calls this no more.
        """
        now_s, reader = self._clock.now_s(), self.current
        if reader is not None and (reader.finished.is_set() or now_s >= self._give_up_s):
            tries = self._tries
            self.abandon()
            self._tries = tries
            self._next_try_s = now_s + PAUSES_S[min(tries, len(PAUSES_S)) - 1]
        self._abandoned = [reader for reader in self._abandoned if not reader.finished.is_set()]
        if self.current is None and now_s >= self._next_try_s and len(self._abandoned) < MOST_HANGING:
            self._tries += 1
            self.begin()

    def settle(self) -> None:
        """Abandon the current one and wait a moment for its device to be released."""
        reader = self.current
        self.abandon()
        if reader is not None:
            self._clock.sleep(RELEASE_S, reader.finished)
