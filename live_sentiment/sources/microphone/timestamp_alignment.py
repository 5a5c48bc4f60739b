"""Where a microphone's samples lie in session time: from what its callbacks tell to stretches of sound.

A callback tells how old its first sample is. That is right on average and wrong by some milliseconds each
time; at the beginning, and after an interruption, it may be wrong by hundreds. So nothing is placed before
what the callbacks tell has been steady for a moment; from then on `DeviceClock` makes a line of it, and
`AdaptiveResampler` lays the samples along the line. Lost samples are counted as if they had come: the line
goes on over a gap, and the gap is as long as the line says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import FloatArray
from live_sentiment.sources.capture import CapturedSound
from live_sentiment.sources.microphone.adaptive_resampler import AdaptiveResampler
from live_sentiment.sources.microphone.device_clock import DeviceClock
from live_sentiment.sources.microphone.ring import BlockNote

STEADY_S = 0.4
"""Callbacks that agree for so long are believed ..."""
STEADY_WITHIN_S = 0.025
"""... if none of them is further than this from the others ..."""
UNSTEADY_S = 2.0
"""... and those that never do, after this time."""
OLDER_S = 0.25
"""A sample older than the stated latency and its block by more than this is a callback's mistake."""
STEP_S = 0.06
"""If the callbacks are all this far off the line, and to the same side, ..."""
STEP_AFTER_S = 1.0
"""... for so long, then sound was lost that nobody told of, or the line was wrong."""
_RESOLUTION = 1000  # stretches begin at a whole millisecond


@dataclass(frozen=True, slots=True)
class Gap:
    """Sound that is missing between two stretches."""

    start: Fraction
    end: Fraction
    cause: str
    """"overflow": the system had no room for it; "overrun": this program had none; "unexplained": the device
    does not say."""

    @property
    def length_s(self) -> float:
        """Its length; not negative."""
        return float(self.end - self.start)


@dataclass(slots=True)
class _Block:
    count: int
    """Samples before it since the device was opened, with the lost ones."""
    told_s: float
    """Session time of its first sample, as the callback told."""
    samples: FloatArray


class TimestampAlignment:
    """Places the sound of one opened microphone.

    Args:
        rate_hz: its sample rate.
        channels: how many it gives.
        latency_s: its delay as the sound library states it.
        zero_s: session zero on the clock that the notes carry.
        bound: session time before which there can be no sound: what was recorded before that is not given.
    """

    def __init__(self, rate_hz: int, channels: int, latency_s: float, zero_s: float, bound: Fraction) -> None:
        self._rate_hz, self._latency_s, self._zero_s = rate_hz, latency_s, zero_s
        self._clock, self._resampler = DeviceClock(rate_hz), AdaptiveResampler(rate_hz, channels)
        self._due = bound  # session time of the next sample, or before which there is none
        self._begun = False  # whether any sound was placed: a gap has two sides
        self._cause: str | None = "opened"  # why the next sample begins a new stretch; None: it does not
        self._held: list[_Block] = []  # not placed yet, for the callbacks are not steady
        self._lost = 0  # samples that never came
        self._next = 0  # the ring's count after the last block
        self._off: list[tuple[_Block, float]] = []  # the latest blocks far off the line, and how far

    @property
    def drift_ppm(self) -> float | None:
        """By how much the device's clock is fast against the host's; None while unknown."""
        return self._clock.drift_ppm

    def add(self, note: BlockNote, samples: FloatArray) -> Iterator[CapturedSound | Gap]:
        """Take the next block; gives what can be placed by now, in order of time."""
        overrun = note.count > self._next
        self._next = note.count + note.frames
        block = _Block(note.count + self._lost, self._told_s(note), np.nan_to_num(samples))
        if note.overflow and self._begun:
            self._cause = "overflow"
        elif overrun and self._cause is None:
            # How much is missing is known to the sample, and the line goes on.
            self._cause = "overrun"
            yield from self._begin(block.count)
        if self._cause is None:
            yield from self._place(block)
        else:
            self._held.append(block)
            if self._steady():
                yield from self._settle()

    def flush(self) -> Iterator[CapturedSound | Gap]:
        """What is held back; the microphone gives no more."""
        if self._held:
            yield from self._settle()
        yield from self._end()

    def _told_s(self, note: BlockNote) -> float:
        least_s = max(self._latency_s, note.frames / self._rate_hz)
        age_s = note.age_s
        if not 0 < age_s <= self._latency_s + note.frames / self._rate_hz + OLDER_S:
            age_s = least_s
        return note.host_s - age_s - self._zero_s

    def _steady(self) -> bool:
        newest = self._held[-1]
        span_s = (newest.count - self._held[0].count) / self._rate_hz
        if span_s < STEADY_S:
            return False
        told = [block.told_s - block.count / self._rate_hz for block in self._latest()]
        return max(told) - min(told) <= STEADY_WITHIN_S or span_s >= UNSTEADY_S

    def _latest(self) -> list[_Block]:
        """Of the blocks held back those of the last `STEADY_S`."""
        since = self._held[-1].count - STEADY_S * self._rate_hz
        return [block for block in self._held if block.count >= since]

    def _settle(self) -> Iterator[CapturedSound | Gap]:
        """The callbacks can be believed: place everything that was held back for it."""
        latest, held = self._latest(), self._held
        self._held = []
        if self._cause == "opened":
            self._clock.reset()
        else:
            off_s = median(block.told_s - self._clock.time_s(block.count) for block in latest)
            lost = max(round(off_s * self._rate_hz), 0)
            self._lost += lost
            for block in held:
                block.count += lost
        for block in latest:
            self._clock.update(block.count, block.told_s)
        yield from self._begin(held[0].count)
        expected = held[0].count
        for block in held:
            # Of sound that the system lost meanwhile only the sum is known, which lies in `lost`.
            if block.count > expected:
                self._cause = "overrun"
                yield from self._begin(block.count)
            yield from self._lay(block)
            expected = block.count + len(block.samples)

    def _place(self, block: _Block) -> Iterator[CapturedSound | Gap]:
        off_s = block.told_s - self._clock.time_s(block.count)
        if abs(off_s) <= STEP_S:
            self._clock.update(block.count, block.told_s)
        if self._stepped(block, off_s):
            yield from self._follow_step(block)
        yield from self._lay(block)

    def _stepped(self, block: _Block, off_s: float) -> bool:
        """Whether the callbacks have left the line for good."""
        if abs(off_s) <= STEP_S or (self._off and (off_s > 0) != (self._off[-1][1] > 0)):
            self._off.clear()
        if abs(off_s) <= STEP_S:
            return False
        self._off.append((block, off_s))
        return block.count - self._off[0][0].count >= STEP_AFTER_S * self._rate_hz

    def _follow_step(self, block: _Block) -> Iterator[CapturedSound | Gap]:
        off_s = median(off_s for _, off_s in self._off)
        if off_s > 0:
            lost = round(off_s * self._rate_hz)
            self._lost += lost
            block.count += lost
            self._clock.update(block.count, block.told_s)
            self._cause = "unexplained"
        else:
            # No sound is missing: the line was late, and what has been told already cannot come again.
            self._clock.reset()
            for one, _ in self._off:
                self._clock.update(one.count, one.told_s)
        self._off.clear()
        yield from self._begin(block.count)

    def _begin(self, count: int) -> Iterator[CapturedSound | Gap]:
        """Begin a stretch with this sample, or with the first one that lies behind what was told already."""
        yield from self._end()
        exact = max(Fraction(self._clock.time_s(count)), self._due)
        start = Fraction(math.ceil(exact * _RESOLUTION), _RESOLUTION)
        self._resampler.restart(start, max(self._clock.count_at(float(start)), count), count)
        if self._begun and self._cause is not None:
            yield Gap(self._due, start, self._cause)
        self._due, self._begun, self._cause = start, True, None

    def _end(self) -> Iterator[CapturedSound]:
        if self._begun:
            yield from self._give(self._resampler.flush(self._clock))

    def _lay(self, block: _Block) -> Iterator[CapturedSound]:
        yield from self._give(self._resampler(block.samples, self._clock))

    def _give(self, samples: FloatArray) -> Iterator[CapturedSound]:
        if len(samples):
            sound = CapturedSound(quantised(samples), self._rate_hz, self._due)
            self._due = sound.end
            yield sound


def quantised(samples: FloatArray) -> NDArray[np.int16]:
    """Float samples in [-1, 1) as 16 bit, rounded; what is louder is clipped."""
    scaled = np.rint(samples * np.float32(32768))
    clipped: NDArray[np.int16] = np.clip(scaled, -32768, 32767).astype(np.int16)
    return clipped
