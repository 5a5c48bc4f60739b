"""Made-up sounds with the properties that matter: a voice has syllables, noise has none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
Waves = NDArray[np.float64]
"""Shape (n,) or (channels, n), in [-1, 1]."""


def voice(seconds: float, seed: int = 0) -> Waves:
    """Noise with the spectrum and the syllables of speech."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    shaped = np.fft.irfft(spectrum * (hz > 100) / np.maximum(hz / 500, 1) ** 1.5, count)
    syllables = np.clip(np.sin(2 * np.pi * 3 * np.arange(count) / RATE_HZ), 0.01, 1)
    wave: Waves = 0.2 * shaped * syllables / shaped.std()
    return wave


def noise(seconds: float, level: float, seed: int = 1) -> Waves:
    wave: Waves = np.random.default_rng(seed).normal(0, level, round(seconds * RATE_HZ))
    return wave
