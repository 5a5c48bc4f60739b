"""Takes a sound card's drift out: samples at the device's pace in, samples on the nominal grid out.

Interpolation at fractional positions by a windowed sinc, tabulated in phases (J. O. Smith and P. Gossett, A
Flexible Sampling-Rate Conversion Method, ICASSP 1984); the window is that of Kaiser (1974).
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from live_sentiment.core.types import FloatArray
from live_sentiment.sources.microphone.device_clock import DeviceClock

TAPS = 32
"""Input samples that each output sample is made of; half of them lie behind it."""
LATENCY = TAPS // 2
"""Input samples behind its position that must have come before an output sample can be given."""
PIECE_S = 0.02
"""The pace is set anew so often."""
CLOSING_S = 0.5
"""An error of the position fades with this time constant."""
SLEW = 5e-3
"""The pace never differs from the nominal by more: 9 cents of pitch, whatever the clock says."""

_PHASES = 4096
"""So many that the nearest is good enough: 80 dB at half the band."""
_KAISER = 8.0


def _make_table() -> FloatArray:
    """Shape (phases, taps): weights of the samples around a position that far behind the middle one."""
    phase = np.arange(_PHASES)[:, None] / _PHASES
    distance = np.arange(TAPS) - (LATENCY - 1) - phase
    inside = np.sqrt(np.maximum(1 - (distance / LATENCY) ** 2, 0))
    weights = np.sinc(distance) * np.i0(_KAISER * inside)
    table: FloatArray = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return table


_TABLE = _make_table()


class AdaptiveResampler:
    """Re-times the sound of one device, stretch by stretch: sample n of one lies at start + n / rate_hz.

    The microphone's thread uses it so:

    - A stretch begins with `restart`: at a whole millisecond at or behind the first sample that will be given
      in, with `position = clock.count_at(start)` and `count` the device's count of that first sample.
    - Every block goes to `clock.update` and then here; what comes out continues the stretch. It lags what was
      given in by `LATENCY` samples (0.3 ms at 48 kHz, 2 ms at 8 kHz), no more.
    - At a gap, or at the end, `flush` gives what is left, up to the last sample that was given in. Then comes
      `restart`, or nothing.

    The place from which the sound is read follows the clock without ever jumping: every `PIECE_S` its pace is
    set to that of the clock, and a little more or less where it is ahead or behind. So there is no click, and
    block edges leave no trace: output depends on how the input was cut only in so far as the clock, at the
    moment of each call, does.

    Args:
        rate_hz: nominal rate, of input and output.
        channels: samples at a time.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._steps = np.arange(max(round(rate_hz * PIECE_S), 1), dtype=np.float64)
        self.restart(Fraction(0), 0.0, 0)

    def restart(self, start: Fraction, position: float, count: int) -> None:
        """Begin a stretch; what the last one held back is lost.

        Args:
            start: session time of the first sample that comes out, in seconds.
            position: the device's sample, with its fraction, that was taken then; `count` or later.
            count: the device's count of the first sample that will be given in.

        Raises:
            ValueError: the stretch begins before its sound.
        """
        if position <= count - 1:
            raise ValueError(f"a stretch at sample {position} begins before its sound, at {count}")
        self._start_s = float(start)
        # Samples not needed any more are let go; before the first one there is silence.
        self._held: FloatArray = np.zeros((self._channels, LATENCY - 1), np.float32)
        self._held_first = count - (LATENCY - 1)  # the device's count of the first one held
        self._given = 0  # samples that came out in this stretch
        # The present piece: the position of its first sample, and by how much it grows for each one more.
        self._position, self._pace = max(position, float(count)), 1.0
        self._in_piece = len(self._steps)  # samples of the present piece that came out

    def __call__(self, samples: FloatArray, clock: DeviceClock) -> FloatArray:
        """The output as far as it is known after these samples.

        Args:
            samples: the device's next samples, float32 of shape (n, channels).
            clock: maps the device's count to session time.

        Returns:
            The stretch's next samples, float32 of shape (m, channels); m may be 0.
        """
        # Contiguous whatever the lengths: strides decide in which order products are added up.
        self._held = np.ascontiguousarray(np.concatenate([self._held, samples.T], axis=1))
        output = self._interpolate(self._places(clock))
        next_needed = math.floor(self._position + self._pace * self._in_piece) - LATENCY - self._held_first
        surplus = min(max(next_needed, 0), self._held.shape[1])
        self._held = self._held[:, surplus:]
        self._held_first += surplus
        return output

    def flush(self, clock: DeviceClock) -> FloatArray:
        """What is left, as if silence followed: up to the last sample given in. Shape (m, channels)."""
        return self(np.zeros((LATENCY, self._channels), np.float32), clock)

    def _steer(self, clock: DeviceClock) -> None:
        """Begin a piece: where the last one ended, at a pace that leads to where the clock says."""
        self._position += self._pace * self._in_piece if self._given else 0.0
        self._in_piece = 0
        at_s = self._start_s + self._given / self._rate_hz
        wanted = clock.count_at(at_s)
        pace = clock.count_at(at_s + PIECE_S) - wanted
        pace = pace / (PIECE_S * self._rate_hz) + (wanted - self._position) / (CLOSING_S * self._rate_hz)
        self._pace = min(max(pace, 1 - SLEW), 1 + SLEW)

    def _places(self, clock: DeviceClock) -> NDArray[np.int64]:
        """Where the next output samples are read, in device samples × phases, as far as the input goes."""
        end = (self._held_first + self._held.shape[1] - LATENCY) * _PHASES
        pieces: list[NDArray[np.float64]] = []
        while True:
            if self._in_piece == len(self._steps):
                self._steer(clock)
            # By the place in the piece, so that where a call ends leaves no trace in the rounding.
            places = np.rint((self._position + self._pace * self._steps[self._in_piece :]) * _PHASES)
            known = int(places.searchsorted(end))
            pieces.append(places[:known])
            self._in_piece += known
            self._given += known
            if self._in_piece < len(self._steps):
                return np.concatenate(pieces).astype(np.int64)

    def _interpolate(self, places: NDArray[np.int64]) -> FloatArray:
        """The sound at these places, shape (m, channels)."""
        output: FloatArray = np.zeros((len(places), self._channels), np.float32)
        first = places // _PHASES - (LATENCY - 1) - self._held_first
        weights = _TABLE.take(places % _PHASES, axis=0)
        # The samples are consecutive, but for a slip by one wherever the drift adds up to it.
        slips = np.flatnonzero(np.diff(first) != 1) + 1
        for channel, held in enumerate(self._held) if len(places) else ():
            windows = sliding_window_view(held, TAPS)
            for begin, end in zip([0, *slips], [*slips, len(places)], strict=True):
                window = windows[first[begin] : first[begin] + end - begin]
                np.einsum("nt,nt->n", window, weights[begin:end], out=output[begin:end, channel])
        return output
