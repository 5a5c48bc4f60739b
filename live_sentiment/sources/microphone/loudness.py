"""How loud a microphone is, and whether it gives anything at all."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from live_sentiment.sources.capture import CapturedSound

FLOOR_DBFS = -120.0
"""What silence is said to be: below the least that 16 bits can hold."""
SILENT_S = 5
"""So much of nothing but zeros at the beginning is no quiet room: an open microphone always hisses."""


def level_dbfs(sound: CapturedSound) -> float:
    """Root mean square over all channels, where a square wave of full scale has 0."""
    power = float(np.mean(np.square(sound.samples, dtype=np.float64))) / 32768**2
    return max(10 * math.log10(max(power, 1e-12)), FLOOR_DBFS)


class SilenceWatch:
    """Tells once that a microphone has given nothing but zeros since it was started.

    A muted one does that; and macOS gives zeros, instead of an error, to a program that may not listen.
    """

    def __init__(self) -> None:
        self._silent_s = Fraction(0)
        self._over = False

    def __call__(self, sound: CapturedSound) -> bool:
        """Take the next sound; whether it is time to tell."""
        if self._over:
            return False
        self._silent_s += sound.end - sound.start
        heard = bool(sound.samples.any())
        self._over = heard or self._silent_s >= SILENT_S
        return self._over and not heard
