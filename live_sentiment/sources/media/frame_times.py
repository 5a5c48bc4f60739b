"""The times of decoded pictures, which rise: what leaps alone is put where it belongs.

The decoder gives pictures in the order in which they are shown, whatever their timestamps say. So a stamp
that the two pictures behind it contradict is false, and its picture belongs between its neighbours.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

_AHEAD = 2
"""Pictures that are looked at before one is believed whose time leaps."""
_LEAP = Fraction(3, 2)
"""A step this many times as long as the one before is a leap."""
_ALIKE_S = Fraction(1, 1000)
"""MPEG program streams may stamp two pictures alike: the second one is left out."""


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """A decoded picture with its session time."""

    frame: Any
    time: Fraction
    false: bool = False
    """Whether its own timestamp was not believed."""


@dataclass(frozen=True, slots=True)
class _Stated:
    frame: Any
    time: Fraction | None
    exact: bool


class FrameTimes:
    """Gives pictures with times that rise.

    Args:
        period: of a picture, in seconds, as long as nothing is known.
    """

    def __init__(self, period: Fraction) -> None:
        self._period = self._step = period
        self._last: Fraction | None = None
        self._waiting: deque[_Stated] = deque()
        self._repeats = False  # whether the last one was left out
        self.out_of_order = 0
        """Pictures that were left out, because they are not later than the one before."""

    def add(self, frame: Any, stated: Fraction | None, *, exact: bool) -> Iterator[TimedFrame]:
        """Take the next picture with the session time that it states.

        Args:
            frame: any object.
            stated: None where nothing is stated: it follows on.
            exact: whether it is a presentation time. A decoding time holds where it is later than is due.
        """
        self._waiting.append(_Stated(frame, stated, exact))
        yield from self._settle(_AHEAD)

    def finish(self) -> Iterator[TimedFrame]:
        """No more will come."""
        yield from self._settle(0)

    def _settle(self, ahead: int) -> Iterator[TimedFrame]:
        while self._waiting and (len(self._waiting) > ahead or not self._leaps(self._waiting[0])):
            head = self._waiting.popleft()
            behind = [later.time for later in self._waiting if later.exact and later.time is not None]
            time, false = self._time(head, behind[:_AHEAD])
            self._repeats = time is None
            if time is None:
                self.out_of_order += 1
                continue
            if self._last is not None:
                self._step = time - self._last
            self._last = time
            yield TimedFrame(head.frame, time, false)

    def _leaps(self, head: _Stated) -> bool:
        if not head.exact or head.time is None:
            return False
        return self._last is None or not self._last < head.time <= self._last + _LEAP * self._step

    def _time(self, head: _Stated, behind: list[Fraction]) -> tuple[Fraction | None, bool]:
        """Its time, None if it is to be left out; and whether what it states is false."""
        last = self._last
        due = Fraction(0) if last is None else last + self._period
        if head.time is None or (not head.exact and head.time < due):
            return due, False
        if last is None:
            return self._first(head.time, behind)
        between = [(place, time) for place, time in enumerate(behind, 2) if last < time < head.time]
        if head.time > last and len(between) <= sum(time >= head.time for time in behind):
            return head.time, False
        if head.time > last:
            place, time = between[0]
            return last + (time - last) / place, True
        alone = not self._repeats and last - head.time > _ALIKE_S
        if not alone or (behind and behind[0] <= last):
            return None, False
        return (last + (behind[0] - last) / 2 if behind else due), True

    def _first(self, stated: Fraction, behind: list[Fraction]) -> tuple[Fraction, bool]:
        if len(behind) == _AHEAD and behind[0] < behind[1] <= stated:
            return 2 * behind[0] - behind[1], True
        return stated, False
