"""Mono sound of any rate in, 16 kHz blocks out, on a time line that tells gaps from jitter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, Event, FloatArray
from live_sentiment.sources.media.sound import Resampler, make_resampler

BLOCK = 2048
"""Samples in a block: 128 ms, four chunks of Silero VAD."""
SHORTEST = 512
"""No block is shorter (32 ms), unless the whole stretch of sound is."""
TOLERANCE_S = Fraction(40, 1000)
"""Timestamps within this of the sample count are jitter. GStreamer's audio sinks tolerate as much."""
_PRIMING_S = Fraction(15, 100)
"""Nothing is missing in a hole up to this behind the very first piece: an encoder begins with one of silence,
which fragmented MP4 puts where the file begins, before the pictures that are decoded out of order."""
_END_MARGIN_S = Fraction(1, 10)


class BlockAssembler:
    """Joins the pieces of one audio stream into blocks, of a file as of a microphone.

    Time is counted in samples from the first timestamp. Where a timestamp is off by more than the tolerance,
    missing sound becomes a jump in `start_s` and sound that comes twice is passed over; either is an event.

    Args:
        start: session time before which nothing is given out.
        end: session time from which on nothing is given out; None is the end of the stream.
    """

    def __init__(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> None:
        self._start, self._end = start, end
        self._rate_hz = self._pieces = 0
        self._anchor: Fraction | None = None  # time of the first sample given to the present resampler
        self._fed = 0  # samples given to it
        self._surplus = 0  # samples still to come that were heard already
        self._resampler: Resampler | None = None
        self._output = np.zeros(0, np.float32)
        self._output_first = 0  # place of output[0], in samples of 16 kHz after the anchor

    @property
    def due(self) -> Fraction | None:
        """Session time of the next sample; None before the first one."""
        return None if self._anchor is None else self._anchor + Fraction(self._fed, self._rate_hz)

    @property
    def rate_hz(self) -> int:
        """Of the samples given in last; 0 before the first ones."""
        return self._rate_hz

    @property
    def past_end(self) -> bool:
        """Whether everything before `end` has been given in."""
        return self._end is not None and self.due is not None and self.due > self._end + _END_MARGIN_S

    def add(self, samples: FloatArray, rate_hz: int, stated: Fraction | None) -> Iterator[AudioBlock | Event]:
        """Take the next samples, shape (n,), with the session time that their timestamp states, if any."""
        if self._resampler is None or rate_hz != self._rate_hz:
            yield from self._change_rate(stated, rate_hz)
        elif stated is not None:
            yield from self._follow(stated)
        passed_over = min(self._surplus, len(samples))
        self._surplus -= passed_over
        samples = samples[passed_over:]
        self._fed += len(samples)
        self._pieces += 1
        assert self._resampler is not None
        self._output = np.concatenate([self._output, self._resampler(samples)])
        while len(self._output) >= BLOCK + SHORTEST:
            yield from self._give(BLOCK)

    def finish(self) -> Iterator[AudioBlock]:
        """The stream is over, or pauses: what is left, as one last block. More may be added."""
        if self._resampler is None:
            return
        self._output = np.concatenate([self._output, self._resampler.flush()])
        while len(self._output) >= BLOCK + SHORTEST:
            yield from self._give(BLOCK)
        yield from self._give(len(self._output))
        self._resampler = None

    def _change_rate(self, stated: Fraction | None, rate_hz: int) -> Iterator[AudioBlock | Event]:
        due = self.due
        if due is None or stated is None or stated >= due:
            yield from self._restart(stated or due or Fraction(0), rate_hz)
            return
        yield from self._restart(due, rate_hz)
        yield from self._follow(stated)

    def _follow(self, stated: Fraction) -> Iterator[AudioBlock | Event]:
        due = self.due
        assert due is not None
        expected = due - Fraction(self._surplus, self._rate_hz)
        if abs(stated - expected) <= TOLERANCE_S:
            return
        jump = stated - due
        self._surplus = max(round(-jump * self._rate_hz), 0)
        if jump > TOLERANCE_S:
            primed = self._pieces == 1 and jump <= _PRIMING_S
            yield from self._restart(stated, self._rate_hz)
            if primed:
                return
            yield from self._event(due, f"{float(jump):.3f} s of sound are missing in the file")
        elif self._surplus:
            yield from self._event(due, f"{float(-jump):.3f} s of sound come twice and were passed over")

    def _event(self, time: Fraction, message: str) -> Iterator[Event]:
        if time >= self._start and (self._end is None or time < self._end):
            yield Event(float(time), "gap", message)

    def _restart(self, start: Fraction, rate_hz: int) -> Iterator[AudioBlock]:
        yield from self.finish()
        self._anchor, self._rate_hz = start, rate_hz
        self._fed = self._surplus = self._output_first = 0
        self._output = np.zeros(0, np.float32)
        self._resampler = make_resampler(rate_hz)

    def _give(self, count: int) -> Iterator[AudioBlock]:
        assert self._anchor is not None
        samples: FloatArray = self._output[:count]
        first = self._output_first
        self._output, self._output_first = self._output[count:], first + count
        wanted_from = max(math.ceil((self._start - self._anchor) * SAMPLE_RATE_HZ) - first, 0)
        wanted_to = count
        if self._end is not None:
            wanted_to = min(math.floor((self._end - self._anchor) * SAMPLE_RATE_HZ) - first, count)
        if wanted_to > wanted_from:
            start = self._anchor + Fraction(first + wanted_from, SAMPLE_RATE_HZ)
            yield AudioBlock(samples[wanted_from:wanted_to].copy(), float(start))
