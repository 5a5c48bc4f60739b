"""Counting what a camera gives and what is lost of it, for its health; read from any thread."""

from __future__ import annotations

import threading
from collections import Counter, deque

from live_sentiment.core.types import VideoFrame

_RATE_OVER_S = 3.0


class StreamStatistics:
    """Rate, size, drops and gaps of one camera, in bounded memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._dropped: Counter[str] = Counter()
        self._width_px = self._height_px = 0
        self._gaps, self._gap_s = 0, 0.0

    def frame(self, frame: VideoFrame) -> None:
        """A frame was handed over."""
        with self._lock:
            self._height_px, self._width_px = frame.image.shape[:2]
            self._times.append(frame.time_s)
            while frame.time_s - self._times[0] > _RATE_OVER_S:
                self._times.popleft()

    def drop(self, causes: Counter[str]) -> None:
        """Frames were lost, by cause."""
        with self._lock:
            self._dropped.update(causes)

    def gap(self, seconds: float) -> None:
        """Pictures were missing for so long; the rate is measured anew from here."""
        with self._lock:
            self._gaps += 1
            self._gap_s += seconds
            self._times.clear()

    @property
    def rate_hz(self) -> float:
        """Frames per second over the last few seconds of frames."""
        with self._lock:
            if len(self._times) < 2:
                return 0.0
            return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the last frame; zeros before the first."""
        with self._lock:
            return self._width_px, self._height_px

    @property
    def dropped(self) -> Counter[str]:
        """Frames lost so far, by cause."""
        with self._lock:
            return self._dropped.copy()

    @property
    def gaps(self) -> tuple[int, float]:
        """How many gaps there have been, and how long in sum, in seconds."""
        with self._lock:
            return self._gaps, self._gap_s
