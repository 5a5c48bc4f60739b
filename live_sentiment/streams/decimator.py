"""Which frames are looked at: a choice by their time alone, that can be made twice without losing one.

The decoder makes it to spare the conversion of pictures, the face stage to spare its networks.
"""

from __future__ import annotations

import math
from fractions import Fraction

_SHIFT = Fraction(1, 16)


class Decimator:
    """Chooses at most `rate_hz` frames per second by their time: the first in each cell of a regular grid.

    The cells start a sixteenth of a period early, so that a regular stream of the same or a multiple of the
    rate does not fall on their edges, where the rounding of timestamps would decide.
    """

    def __init__(self, rate_hz: float) -> None:
        self._rate = Fraction(rate_hz).limit_denominator(10_000)
        self._last: int | None = None

    def takes(self, time: Fraction | float) -> bool:
        """Whether this frame is the first of its cell. Times must not go back."""
        # A float stands for the timestamp it was made from: a tick of some clock below a megahertz.
        exact = Fraction(time).limit_denominator(1_000_000)
        cell = math.floor(exact * self._rate + _SHIFT)
        if cell == self._last:
            return False
        self._last = cell
        return True
