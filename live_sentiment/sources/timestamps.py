"""Time stamps that start over: files joined end to end, recorders that were paused, counters that wrapped."""

from __future__ import annotations

from fractions import Fraction

RESTART_S = Fraction(1)
"""A stream whose decoding timestamps go back by more than this has started over."""


class RestartCorrection:
    """Keeps decoding timestamps going forward across restarts, with all streams shifted alike.

    The first stream to start over decides by how much its part of the file is shifted: so that it joins what
    came before. The others take the same shift at their own restart, which keeps the streams in step.
    """

    def __init__(self) -> None:
        self._shifts = [Fraction(0)]
        self._part: dict[int, int] = {}
        self._stated: dict[int, Fraction] = {}
        self._reached = Fraction(0)

    @property
    def restarts(self) -> int:
        """How often the timestamps started over."""
        return len(self._shifts) - 1

    def shift(self, stream: int, dts: Fraction, duration: Fraction) -> Fraction:
        """What to add to the timestamps of a packet of this stream, in seconds; packets in demux order."""
        part = self._part.get(stream, 0)
        if stream in self._stated and dts < self._stated[stream] - RESTART_S:
            part += 1
            if part == len(self._shifts):
                self._shifts.append(self._reached - dts)
        self._part[stream], self._stated[stream] = part, dts
        self._reached = max(self._reached, dts + self._shifts[part] + duration)
        return self._shifts[part]
