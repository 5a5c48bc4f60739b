"""How the voice sounds, in terms a person understands: how high, how loud, how fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from live_sentiment.core.resampling import resample
from live_sentiment.core.types import SAMPLE_RATE_HZ, BoolArray, FloatArray
from live_sentiment.perception.voice.pitch import pitch_hz

PITCH_RATE_HZ = 8_000
"""Pitch is looked for in sound at half the rate: a third of the work, and steps of 2.5 % at 200 Hz."""
PITCH_RANGE_HZ = (65, 500)
FRAME = 160  # samples, 10 ms
SHORTEST = SAMPLE_RATE_HZ // 2
"""Samples that the pitch's median smoothing needs; less sound is filled up with silence."""
SMOOTH_FRAMES = 6  # 60 ms, about what Praat's intensity looks at
VOICED_DB = 15.0
"""Pitch is read where the voice is at most this much below its loudest: vowels, hardly consonants."""
NUCLEUS_DIP_DB = 2.0
NUCLEUS_RANGE_DB = 25.0
SILENCE_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class Prosody:
    """Measured over the speech of one window."""

    pitch_hz: float
    """Median of the fundamental frequency."""
    energy_dbfs: float
    """Root mean square level, 0 dBFS being a square wave at full scale."""
    rate_hz: float
    """Syllable nuclei per second of speech."""


def measure(samples: FloatArray, speech: BoolArray) -> Prosody:
    """Pitch, level and rate of the speech in a window.

    Pitch by normalised cross-correlation and median smoothing. A syllable nucleus is a peak of
    the level that stands NUCLEUS_DIP_DB above the dips beside it and lies within NUCLEUS_RANGE_DB of the
    loudest (after de Jong & Wempe 2009, who also ask the peak to be voiced).

    Args:
        samples: (n,), at SAMPLE_RATE_HZ.
        speech: (n,), which samples are speech; at least 0.1 s of them.
    """
    level = _level_db(samples)
    spoken = speech[: len(level) * FRAME].reshape(-1, FRAME).mean(axis=1) >= 0.5
    spoken_level = np.where(spoken, level, SILENCE_DBFS)
    loudest = float(spoken_level.max())
    pitch = _pitch_hz(samples, len(level))[spoken & (level >= loudest - VOICED_DB)]
    nuclei = count_peaks(spoken_level, height=loudest - NUCLEUS_RANGE_DB, prominence=NUCLEUS_DIP_DB)
    power = float(np.mean(np.square(samples[speech], dtype=np.float64)))
    return Prosody(
        pitch_hz=float(np.median(pitch)),
        energy_dbfs=float(10 * np.log10(max(power, 10 ** (SILENCE_DBFS / 10)))),
        rate_hz=nuclei / (float(spoken.sum()) * FRAME / SAMPLE_RATE_HZ),
    )


def count_peaks(level: NDArray[np.float64], height: float, prominence: float) -> int:
    """How many local maxima reach `height` and stand `prominence` above the dips to the next higher ones.

    The same as `len(scipy.signal.find_peaks(…)[0])`; a plateau counts once, the ends never.
    """
    runs = level[np.append(True, np.diff(level) != 0)]  # a plateau is one value
    inner = runs[1:-1]
    peaks = 1 + np.flatnonzero((inner > runs[:-2]) & (inner > runs[2:]) & (inner >= height))
    return sum(_prominence(runs, peak) >= prominence for peak in peaks.tolist())


def _prominence(level: NDArray[np.float64], peak: int) -> float:
    higher = np.flatnonzero(level > level[peak])
    place = int(np.searchsorted(higher, peak))
    before = higher[place - 1] + 1 if place else 0
    after = higher[place] if place < len(higher) else len(level)
    return float(level[peak] - max(level[before : peak + 1].min(), level[peak:after].min()))


def moving_mean(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Mean of `size` values around each, the array being mirrored at its ends, by a running sum.

    The bits of `scipy.ndimage.uniform_filter1d`.
    """
    padded = np.pad(values, (size // 2, size - size // 2 - 1), mode="symmetric")
    changes = np.concatenate([padded[:size], padded[size:] - padded[:-size]])
    means: NDArray[np.float64] = np.add.accumulate(changes)[size - 1 :] / size
    return means


def _level_db(samples: FloatArray) -> NDArray[np.float64]:
    whole = len(samples) // FRAME * FRAME
    power = np.square(samples[:whole], dtype=np.float64).reshape(-1, FRAME).mean(axis=1)
    smooth = moving_mean(power, SMOOTH_FRAMES)
    return 10 * np.log10(np.maximum(smooth, 10 ** (SILENCE_DBFS / 10)))


def _pitch_hz(samples: FloatArray, frames: int) -> NDArray[np.float64]:
    low_hz, high_hz = PITCH_RANGE_HZ
    long_enough = np.pad(samples, (0, max(0, SHORTEST - len(samples))))
    sound = resample(long_enough, SAMPLE_RATE_HZ, PITCH_RATE_HZ)
    pitch = pitch_hz(
        torch.from_numpy(sound), PITCH_RATE_HZ, FRAME * PITCH_RATE_HZ // SAMPLE_RATE_HZ, low_hz, high_hz
    )
    found: NDArray[np.float64] = pitch.double().numpy()
    # The last frames lack the sound to correlate with; they keep the last pitch found.
    return np.pad(found, (0, max(0, frames - len(found))), mode="edge")[:frames]
