"""Telling a frozen camera and a dead one from a still scene, by the pictures alone.

No two pictures of a sensor are the same bit for bit, however still the scene: its noise sees to that. A
camera that gives the very same picture again and again is frozen (opencv #5221: after it was pulled out, for
one). A picture without any structure, black or of one colour, is blank: the lens is covered, or the sensor is
dead.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from live_sentiment.core.types import ImageArray

_BLANK_BELOW = 2.0
"""Standard deviation in grey levels: a covered lens gives noise of about one ..."""
_SHOWS_ABOVE = 4.0
"""... and a dark room more than this."""
_SPARSE = 16
"""Every so many rows are compared first."""
_GRID = 11, 13
"""Every so many rows and columns are looked at for structure: odd, so that no weave of two hides from it."""


class FrameState(Enum):
    """What the pictures of the last seconds amount to."""

    LIVE = "live"
    FROZEN = "frozen"
    """The same picture, bit for bit."""
    BLANK = "blank"
    """A picture of one colour."""


class FreezeDetector:
    """Looks at each picture as it comes; keeps the last one, which must not be changed afterwards.

    Args:
        after_s: how long a picture must stay the same, or blank, to count as frozen or blank.
    """

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self.reset()

    def reset(self) -> None:
        """Forget what was seen: there was a break."""
        self._last: ImageArray | None = None
        self._same_since_s = self._blank_since_s = 0.0
        self._blank = False
        self._sight = FrameState.LIVE

    def __call__(self, image: ImageArray, time_s: float) -> FrameState:
        """What the pictures up to this one, shown at `time_s`, amount to."""
        if not self._repeats(image):
            self._same_since_s = time_s
            if self._sight is FrameState.FROZEN:
                self._sight = FrameState.LIVE
        self._last = image
        blank = _structure(image) < (_SHOWS_ABOVE if self._blank else _BLANK_BELOW)
        if blank and not self._blank:
            self._blank_since_s = time_s
        if not blank and self._sight is FrameState.BLANK:
            self._sight = FrameState.LIVE
        self._blank = blank
        # A blank picture may well repeat: it is told as what a person can do something about.
        if blank:
            if time_s - self._blank_since_s >= self._after_s:
                self._sight = FrameState.BLANK
        elif time_s - self._same_since_s >= self._after_s:
            self._sight = FrameState.FROZEN
        return self._sight

    def _repeats(self, image: ImageArray) -> bool:
        last = self._last
        if last is None or last.shape != image.shape:
            return False
        # Noise shows in any row, so that all of a picture is compared only where it may well be the same.
        return np.array_equal(last[::_SPARSE], image[::_SPARSE]) and np.array_equal(last, image)


def _structure(image: ImageArray) -> float:
    """The largest standard deviation of a colour channel, in grey levels."""
    pixels = image[:: _GRID[0], :: _GRID[1]].reshape(-1, 3)
    return float(pixels.std(axis=0).max())
