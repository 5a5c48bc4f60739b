"""Hides faces in the pictures that are stored, also those found a moment too late.

The analysis looks at some of the pictures and lags behind them. A stored picture waits until the analysis
has passed its time by MARGIN_S; then every face that was seen within MARGIN_S of it, before or after, is
hidden where it was. Where the analysis does not get there within HOLD_S, or has looked at nothing so near on
both sides, the whole picture is hidden.

A face that the detector never finds (turned away, a few pixels high, in a picture on the wall) is not hidden.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import TypeAlias

import cv2
import numpy as np

from live_sentiment.core.types import ImageArray, VideoFrame

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""

MARGIN_S = 0.5
"""A face is hidden so long before it was found and after it was last seen."""
HOLD_S = 2.0
"""A stored picture waits so long for the analysis at most."""
ENLARGED = 1.6
"""The hidden box is so much larger than the face's: hair and chin tell who it is, too, and faces move."""
BLOCKS = 5
"""Blocks across a hidden face: far below what a person or a recogniser needs."""
WHOLE_BLOCKS = 8
"""Blocks across the shorter side of a picture that is hidden as a whole."""
_KEPT_S = 60.0


class FaceBlur:
    """Told by the analysis where faces were, asked by the recorder; each on its own thread."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, tuple[Box, ...]]] = deque()
        self._lock = threading.Lock()

    def saw(self, time_s: float, boxes: Iterable[Box]) -> None:
        """The analysis has looked at a picture, later than the one before; `boxes` may be empty."""
        with self._lock:
            self._seen.append((time_s, tuple(boxes)))
            while self._seen[0][0] < time_s - _KEPT_S:
                self._seen.popleft()

    def knows(self, time_s: float) -> bool:
        """Whether the analysis has passed this session time by the margin."""
        with self._lock:
            return bool(self._seen) and self._seen[-1][0] >= time_s + MARGIN_S

    def __call__(self, frame: VideoFrame) -> ImageArray:
        """The picture without its faces, or without anything where the analysis has not got there."""
        with self._lock:
            near = [(time_s, boxes) for time_s, boxes in self._seen if abs(time_s - frame.time_s) <= MARGIN_S]
        before = any(time_s <= frame.time_s for time_s, _ in near)
        after = any(time_s >= frame.time_s for time_s, _ in near)
        if not (before and after and self.knows(frame.time_s)):
            return _pixelated_whole(frame.image)
        hidden = frame.image.copy()
        for _, boxes in near:
            for box in boxes:
                _pixelate(hidden, box)
        return hidden


def _pixelate(image: ImageArray, box: Box) -> None:
    left, top, width, height = box
    grown_x, grown_y = width * (ENLARGED - 1) / 2, height * (ENLARGED - 1) / 2
    rows = slice(max(int(top - grown_y), 0), max(int(np.ceil(top + height + grown_y)), 0))
    columns = slice(max(int(left - grown_x), 0), max(int(np.ceil(left + width + grown_x)), 0))
    area = image[rows, columns]
    if area.size:
        block_px = max(width, height) / BLOCKS
        image[rows, columns] = _blocks(area, block_px)


def _pixelated_whole(image: ImageArray) -> ImageArray:
    return _blocks(image, min(image.shape[:2]) / WHOLE_BLOCKS)


def _blocks(area: ImageArray, block_px: float) -> ImageArray:
    height, width = area.shape[:2]
    few = (max(round(width / block_px), 1), max(round(height / block_px), 1))
    small = cv2.resize(area, few, interpolation=cv2.INTER_AREA)
    blocks: ImageArray = np.asarray(
        cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8
    )
    return blocks
