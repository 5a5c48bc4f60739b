"""From decoded sound to 16 kHz mono: mixing down, and resampling without seams."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import torch
from av import AudioFrame, AudioResampler
from numpy.typing import NDArray

from live_sentiment.core.resampling import SincResampler
from live_sentiment.core.types import SAMPLE_RATE_HZ, FloatArray

_CENTRE, _SIDE, _SILENT = 1.0, math.sqrt(0.5), 0.0
_SURROUND = 0.5
_MONO_WEIGHTS = {"FC": _CENTRE, "FL": _SIDE, "FR": _SIDE, "LFE": _SILENT, "LFE2": _SILENT}
"""ITU-R BS.775-4, annex 4: the gain of each channel in a mono mix; every other one is a surround channel."""

FILTER_WIDTH = 16
"""Zero crossings of the windowed sinc on each side."""
_ROLLOFF = 0.99
_PIECE_S = 1 / 8
_LARGEST_BANK = 2_000_000


class Resampler(Protocol):
    """Any rate in, 16 kHz out, in pieces."""

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Take the next samples, shape (n,); give those at 16 kHz that can be known by now."""
        ...

    def flush(self) -> FloatArray:
        """Give the rest; the stream is over."""
        ...


def to_mono(frame: Any) -> FloatArray:
    """One decoded audio frame of any sample format and layout as mono float32, shape (n,).

    The weights sum to one, so that no mix can clip where its channels do not.
    """
    samples, names = planes(frame)
    mixed: FloatArray = samples[0] if len(names) == 1 else mono_weights(names) @ samples
    return mixed


def planes(frame: Any) -> tuple[FloatArray, list[str]]:
    """One decoded audio frame as float32, shape (channels, n), and the names of its channels."""
    samples = _to_float(frame.to_ndarray())
    names = [channel.name for channel in frame.layout.channels]
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(names)).T
    return samples, names


def device_planes(samples: NDArray[np.int16]) -> tuple[FloatArray, list[str]]:
    """Sound of a device, shape (n, channels), as float32, shape (channels, n), and the names of its channels.

    They have none and so count alike: a device says how many it has, not where they are, and neither does
    Matroska of PCM. So a mix has the bits that it has when the same sound is read back from a recording.
    """
    return _to_float(samples.T), [""] * samples.shape[1]


def mono_weights(channels: list[str]) -> FloatArray:
    """The share of each channel in the mono mix, shape (channels,), summing to 1.

    Channels are named as FFmpeg does ("FL", "FC", "BL", …); where no name is known all count alike.
    """
    known = any(name in _MONO_WEIGHTS for name in channels)
    gains = [_MONO_WEIGHTS.get(name, _SURROUND) if known else 1.0 for name in channels]
    weights = np.array(gains, np.float32)
    if not weights.any():
        weights[:] = 1.0
    shares: FloatArray = weights / weights.sum()
    return shares


def _to_float(samples: Any) -> FloatArray:
    if samples.dtype == np.uint8:
        samples = (samples.astype(np.float32) - 128.0) / 128.0
    elif np.issubdtype(samples.dtype, np.integer):
        samples = samples.astype(np.float64) / -float(np.iinfo(samples.dtype).min)
    floats: FloatArray = samples.astype(np.float32, copy=False)
    return floats


class StreamResampler:
    """Resamples a stream piece by piece to the samples that resampling it whole would give.

    Each piece is filtered together with as much of the past and of the future as the filter reaches; the
    filter is symmetric, so that sample n of the output is the sound at n / 16 kHz after the first sample of
    the input, without delay. Pieces are cut by their place in the stream, so that no bit of the output
    depends on how the input was cut. What is held back on the way, up to 0.2 s, comes with `flush`.
    """

    def __init__(self, rate_hz: int) -> None:
        common = math.gcd(rate_hz, SAMPLE_RATE_HZ)
        self._step_in, self._step_out = rate_hz // common, SAMPLE_RATE_HZ // common
        reach = math.ceil(FILTER_WIDTH * self._step_in / (min(self._step_in, self._step_out) * _ROLLOFF))
        # Whole steps, so that the output of what comes before a piece is a whole number of samples.
        self._context = self._whole_steps(reach)
        self._piece = self._whole_steps(rate_hz * _PIECE_S)
        self._resample = SincResampler(rate_hz, SAMPLE_RATE_HZ, zero_crossings=FILTER_WIDTH, rolloff=_ROLLOFF)
        self._held = np.zeros(self._context, np.float32)  # the past that the filter reaches, then what is new
        self._received = self._emitted = 0

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Samples at 16 kHz, as far as they are known after these."""
        self._received += len(samples)
        self._held = np.concatenate([self._held, samples])
        return self._filter()

    def flush(self) -> FloatArray:
        """The remaining samples: in total ⌈received × 16 kHz / rate⌉. The stream is over."""
        missing = -(-self._received * self._step_out // self._step_in) - self._emitted
        self._held = np.pad(self._held, (0, 2 * self._piece + self._context))
        return self._filter()[:missing]

    def _filter(self) -> FloatArray:
        span, first = self._piece + 2 * self._context, self._context // self._step_in * self._step_out
        count = self._piece // self._step_in * self._step_out
        pieces = [np.zeros(0, np.float32)]
        while len(self._held) >= span:
            output = self._resample(torch.from_numpy(self._held[:span]))
            pieces.append(output[first : first + count].numpy())
            self._held = self._held[self._piece :]
        joined: FloatArray = np.concatenate(pieces)
        self._emitted += len(joined)
        return joined

    def _whole_steps(self, samples: float) -> int:
        return math.ceil(samples / self._step_in) * self._step_in


class OddRateResampler:
    """The same for rates that share next to no factor with 16 kHz, by FFmpeg's own resampler."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
        self._received = self._emitted = 0

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Samples at 16 kHz, as far as they can be known after these."""
        if not len(samples):
            return samples
        frame = AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = self._rate_hz
        frame.pts, frame.time_base = self._received, Fraction(1, self._rate_hz)
        self._received += len(samples)
        output = self._joined(self._resampler.resample(frame))
        self._emitted += len(output)
        return output

    def flush(self) -> FloatArray:
        """The remaining samples: in total ⌈received × 16 kHz / rate⌉. The stream is over."""
        missing = -(-self._received * SAMPLE_RATE_HZ // self._rate_hz) - self._emitted
        output = self._joined(self._resampler.resample(None))[: max(missing, 0)]
        return np.pad(output, (0, max(missing - len(output), 0)))

    @staticmethod
    def _joined(frames: list[Any]) -> FloatArray:
        pieces = [frame.to_ndarray()[0] for frame in frames]
        joined: FloatArray = np.concatenate([np.zeros(0, np.float32), *pieces])
        return joined


class SameRate:
    """Sound that has 16 kHz already."""

    def __call__(self, samples: FloatArray) -> FloatArray:
        """The samples."""
        return samples

    def flush(self) -> FloatArray:
        """Nothing: no sample is ever held back."""
        return np.zeros(0, np.float32)


def make_resampler(rate_hz: int) -> Resampler:
    """The resampler for sound of this rate."""
    if rate_hz == SAMPLE_RATE_HZ:
        return SameRate()
    common = math.gcd(rate_hz, SAMPLE_RATE_HZ)
    # Every output phase of the polyphase filter bank spans a whole input step.
    bank = (rate_hz // common) * (SAMPLE_RATE_HZ // common)
    return StreamResampler(rate_hz) if bank <= _LARGEST_BANK else OddRateResampler(rate_hz)
