"""Mixing the channels of a stream down to mono such that none cancels another.

A cable wired the wrong way round, or one inverted channel of a mixer, leaves next to nothing of a voice in
the sum of the channels: so what is heard upside down is turned round before it is added. Everything else is
mixed as `to_mono` does it, to the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import FloatArray
from live_sentiment.sources.media.sound import mono_weights, planes

SPEECH_HZ = (200.0, 4000.0)
"""What is compared: hum and hiss may well be of opposite sign in a good recording."""
OPPOSITE = -0.5
"""A channel is turned round whose correlation with the strongest one falls below this ..."""
SURELY_OPPOSITE = -0.9
"""... or, in its very first moment, below this ..."""
ALIKE = 0.2
"""... and turned back above this. In between, as noise alone has it, everything stays as it is."""
FIRST_EVIDENCE_S = 0.1
MEMORY_S = 0.5
"""Time constant with which the sound heard so far is forgotten; it counts by its energy."""
MOMENT_S = 0.02
"""Sound that is compared at a time, at least."""
AUDIBLE = 1e-6
"""Mean square in the band of speech, with 1 for full scale: what is weaker (−60 dB) tells nothing."""
MOST = 8.0
"""One damaged sample is not taken for more than this."""
FADE_S = 0.02
"""Time in which a channel is turned round, so that nothing clicks."""

Floats = NDArray[np.float64]


class Mixdown:
    """Decoded audio frames of one stream as mono, in order.

    Args:
        channel: number of the only channel to be heard, counted from 1; None or 0 mixes them all.
    """

    def __init__(self, channel: int | None = None) -> None:
        self._channel = channel
        self._layout: tuple[tuple[str, ...], int] = ((), 0)

    def __call__(self, frame: Any) -> FloatArray:
        """The frame as mono float32, shape (n,)."""
        return self.mix(*planes(frame), frame.sample_rate)

    def mix(self, samples: FloatArray, names: Sequence[str], rate_hz: int) -> FloatArray:
        """Sound of shape (channels, n), its channels named as FFmpeg does, as mono, shape (n,)."""
        if len(names) == 1:
            only: FloatArray = samples[0]
            return only
        if self._channel and self._channel <= len(names):
            chosen: FloatArray = samples[self._channel - 1]
            return chosen
        if self._layout != (tuple(names), rate_hz):
            self._layout = (tuple(names), rate_hz)
            self._weights = mono_weights(list(names))
            self._signs = _Signs(self._weights, rate_hz)
            self._in_use = np.ones(len(names), np.float32)
        signs = self._signs(samples)
        before, self._in_use = self._in_use, signs
        if (before == signs).all():
            return np.asarray((self._weights * signs) @ samples, np.float32)
        fade = min(math.ceil(FADE_S * rate_hz), samples.shape[1])
        course = np.ones(samples.shape[1], np.float32)
        course[:fade] = np.linspace(0, 1, fade, dtype=np.float32)
        gains = before[:, None] * (1 - course) + signs[:, None] * course
        faded = (self._weights[:, None] * gains * samples).sum(axis=0)
        return np.asarray(faded, np.float32)


class _Signs:
    """Which channels are upside down, by their correlation in the band of speech."""

    def __init__(self, weights: FloatArray, rate_hz: int) -> None:
        self._weights, self._rate_hz = weights.astype(np.float64), rate_hz
        channels = len(weights)
        self._power: Floats = np.zeros((channels, channels))
        self._evidence_s = 0.0
        self._waiting = np.zeros((channels, 0), np.float32)
        self._signs = np.ones(channels, np.float32)
        self._reference = 0

    def __call__(self, samples: FloatArray) -> FloatArray:
        """1 or −1 for each channel, shape (channels,), given the next samples, shape (channels, n)."""
        self._waiting = np.concatenate([self._waiting, samples], axis=1)
        count = self._waiting.shape[1]
        if count < MOMENT_S * self._rate_hz:
            return self._signs
        power, seconds = self._in_speech_band(self._waiting), count / self._rate_hz
        self._waiting = self._waiting[:, :0]
        if np.trace(power) > AUDIBLE * len(self._signs):
            self._power = self._power * math.exp(-seconds / MEMORY_S) + power * seconds
            self._evidence_s += seconds
            self._decide()
        return self._signs

    def _in_speech_band(self, samples: FloatArray) -> Floats:
        """Mean products of the channels with each other, shape (channels, channels)."""
        count = samples.shape[1]
        usual = np.clip(np.nan_to_num(samples.astype(np.float64)), -MOST, MOST)
        spectrum = np.fft.rfft(usual, axis=1)
        first, last = (math.ceil(hz * count / self._rate_hz) for hz in SPEECH_HZ)
        band = spectrum[:, first : last + 1]
        products: Floats = 2 * (band @ band.conj().T).real / count**2
        return products

    def _decide(self) -> None:
        weighted = self._power.diagonal() * self._weights**2
        if weighted.max() > 2 * weighted[self._reference]:
            self._reference = int(weighted.argmax())
        one = self._reference
        scale = np.sqrt(np.maximum(self._power.diagonal() * self._power[one, one], 1e-30))
        # With the sign that the reference has at present, so that the others need not follow it.
        alike = self._power[one] / scale * self._signs[one]
        opposite = OPPOSITE if self._evidence_s >= FIRST_EVIDENCE_S else SURELY_OPPOSITE
        signs = self._signs.copy()
        signs[alike < opposite] = -1
        signs[alike > ALIKE] = 1
        signs[one] = self._signs[one]
        self._signs = signs
