"""Band-limited resampling of a whole sound, by a windowed sinc with one filter for each phase.

Smith and Gossett 1984, "A flexible sampling-rate conversion method", with a Hann window. It is the method and
gives the bits of torchaudio's `resample`, in plain torch: reading a file must not depend on torchaudio's
compiled part, which refuses any other torch than the one it was built with.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from live_sentiment.core.types import FloatArray


class SincResampler:
    """Resamples sounds from one rate to another; the sound is silent before its start and after its end.

    Args:
        from_hz: rate of the input.
        to_hz: rate of the output.
        zero_crossings: of the sinc, on each side.
        rolloff: the cut-off frequency as a share of half the lower rate.
        precision: in which the filters are computed; they are applied in float32.
    """

    def __init__(
        self,
        from_hz: int,
        to_hz: int,
        *,
        zero_crossings: int = 6,
        rolloff: float = 0.99,
        precision: torch.dtype = torch.float64,
    ) -> None:
        common = math.gcd(from_hz, to_hz)
        self._step_in, self._step_out = from_hz // common, to_hz // common
        cutoff = min(self._step_in, self._step_out) * rolloff
        self._reach = math.ceil(zero_crossings * self._step_in / cutoff)  # samples of the input, on each side
        samples = torch.arange(-self._reach, self._reach + self._step_in, dtype=precision) / self._step_in
        phases = torch.arange(0, -self._step_out, -1)[:, None, None] / self._step_out
        crossings = ((phases + samples) * cutoff).clamp(-zero_crossings, zero_crossings)
        window = torch.cos(crossings * math.pi / zero_crossings / 2) ** 2
        angle = crossings * math.pi
        sinc = torch.where(angle == 0, torch.ones_like(angle), angle.sin() / angle)
        self._filters = (sinc * (window * (cutoff / self._step_in))).float()

    def __call__(self, samples: Tensor) -> Tensor:
        """The sound, float32 (n,), at the other rate: (⌈n · to / from⌉,); sample 0 is where it was."""
        length = -(-len(samples) * self._step_out // self._step_in)
        padded = functional.pad(samples, (self._reach, self._reach + self._step_in))
        phases = functional.conv1d(padded[None, None], self._filters, stride=self._step_in)
        return phases[0].T.reshape(-1)[:length]


def resample(samples: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """A sound, float32 (n,), at another rate: (⌈n · to / from⌉,)."""
    if from_hz == to_hz:
        return samples
    resampled: FloatArray = _resampler(from_hz, to_hz)(torch.from_numpy(samples)).numpy()
    return resampled


@lru_cache(maxsize=8)
def _resampler(from_hz: int, to_hz: int) -> SincResampler:
    return SincResampler(from_hz, to_hz, precision=torch.float32)
