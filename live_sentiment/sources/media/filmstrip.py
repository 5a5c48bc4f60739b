"""Small pictures of a replay, kept so that it can be looked at from any of its moments."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import VideoFrame
from live_sentiment.runtime.snapshot import Box, Picture
from live_sentiment.streams.decimator import Decimator

RATE_HZ = 4.0
"""Pictures kept a second, at most."""
LONGER_SIDE_PX = 96
"""Of a picture kept: some 2 kB, 30 MB an hour, about as much as the results themselves."""
FRESH_S = 1.0
"""A picture speaks for so long after it was taken."""


@dataclass(frozen=True, slots=True)
class _Kept:
    time_s: float
    encoded: NDArray[np.uint8]
    """As JPEG."""
    boxes: tuple[Box, ...]


class Filmstrip:
    """Takes the pictures that were looked at, in order of time; may be asked from any thread meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._grid = Decimator(RATE_HZ)
        self._kept: list[_Kept] = []

    def saw(self, frame: VideoFrame, boxes: Sequence[Box]) -> None:
        """Keep a picture and its faces, or pass it over if one was kept just before."""
        if not self._grid.takes(frame.time_s):
            return
        import cv2

        step = max(max(frame.image.shape[:2]) // LONGER_SIDE_PX, 1)
        _, encoded = cv2.imencode(".jpg", frame.image[::step, ::step])
        small = tuple((left / step, top / step, wide / step, high / step) for left, top, wide, high in boxes)
        with self._lock:
            self._kept.append(_Kept(frame.time_s, np.asarray(encoded, np.uint8), small))

    def at(self, time_s: float) -> Picture | None:
        """The picture that was to be seen at a moment; None where there was none."""
        with self._lock:
            number = bisect_right(self._kept, time_s, key=lambda kept: kept.time_s)
            kept = self._kept[number - 1] if number else None
        if kept is None or kept.time_s < time_s - FRESH_S:
            return None
        import cv2

        image = cv2.imdecode(kept.encoded, cv2.IMREAD_COLOR)
        return Picture(np.asarray(image, np.uint8), kept.time_s, kept.boxes)
