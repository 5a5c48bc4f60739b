"""Pitch, level and rate against sounds that were made to have them."""

import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks
from torchaudio import functional

from live_sentiment.perception.voice.pitch import pitch_hz
from live_sentiment.perception.voice.prosody import count_peaks, measure, moving_mean

RATE = 16_000


def voice(
    pitch_hz: float | np.ndarray, seconds: float, syllables_hz: float = 4.0, level: float = 0.2
) -> np.ndarray:
    """Harmonics that fall off as a voice's do, with one swell per syllable."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(pitch_hz, t.shape)) / RATE
    harmonics = sum(np.sin(k * phase) / k for k in range(1, 12))
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * syllables_hz * t)
    return (level * swell * harmonics).astype(np.float32)


def everywhere(samples: np.ndarray) -> np.ndarray:
    return np.ones(len(samples), np.bool_)


@pytest.mark.parametrize("pitch_hz", [90, 140, 220, 330])
def test_pitch(pitch_hz: float) -> None:
    samples = voice(pitch_hz, 3.0)
    found = measure(samples, everywhere(samples))
    assert found.pitch_hz == pytest.approx(pitch_hz, rel=0.04)


@pytest.mark.parametrize("syllables_hz", [2.0, 4.0, 6.0])
def test_rate_counts_the_swells(syllables_hz: float) -> None:
    samples = voice(150, 4.0, syllables_hz)
    assert measure(samples, everywhere(samples)).rate_hz == pytest.approx(syllables_hz, abs=0.3)


def test_level_is_in_decibels_of_full_scale() -> None:
    square = np.sign(np.sin(2 * np.pi * 150 * np.arange(2 * RATE) / RATE) + 1e-9).astype(np.float32)
    assert measure(square, everywhere(square)).energy_dbfs == pytest.approx(0, abs=0.01)
    assert measure(square / 10, everywhere(square)).energy_dbfs == pytest.approx(-20, abs=0.01)


def test_only_speech_is_measured() -> None:
    speech = voice(120, 2.0)
    loud = np.random.default_rng(0).normal(0, 0.5, 2 * RATE).astype(np.float32)
    samples = np.concatenate((loud, speech))
    spoken = np.arange(len(samples)) >= 2 * RATE
    alone, among = measure(speech, everywhere(speech)), measure(samples, spoken)
    assert among.pitch_hz == pytest.approx(120, rel=0.05)
    assert among.energy_dbfs == pytest.approx(alone.energy_dbfs, abs=0.01)
    assert among.rate_hz == pytest.approx(alone.rate_hz, abs=0.6)


@pytest.mark.parametrize("seconds", [0.1, 0.13, 0.51])
def test_short_and_silent_sounds_have_numbers_too(seconds: float) -> None:
    samples = np.zeros(int(seconds * RATE) + 7, np.float32)
    found = measure(samples, everywhere(samples))
    assert found.energy_dbfs == -120
    assert np.isfinite([found.pitch_hz, found.rate_hz]).all()


def uneven(seed: int) -> np.ndarray:
    """A level with plateaus and with silence in it."""
    random = np.random.default_rng(seed)
    level = random.normal(0, 6, int(random.integers(1, 400))).round(seed % 3)
    level[: len(level) // 3 * (seed % 2)] = -120.0
    return level


@pytest.mark.parametrize("seed", range(60))
def test_peaks_are_those_that_scipy_finds(seed: int) -> None:
    level = uneven(seed)
    height = float(level.max()) - 12
    peaks, _ = find_peaks(level, height=height, prominence=2.0)
    assert count_peaks(level, height=height, prominence=2.0) == len(peaks)


@pytest.mark.parametrize("size", [1, 5, 6])
def test_the_moving_mean_is_that_of_scipy(size: int) -> None:
    power = np.random.default_rng(size).random(300) ** 4
    assert np.array_equal(moving_mean(power, size), uniform_filter1d(power, size))


@pytest.mark.parametrize("seed", range(10))
def test_pitch_is_the_one_that_torchaudio_finds(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.02 * seed, 2 * RATE)
    sound = torch.from_numpy((voice(90 + 30 * seed, 2.0) + noise).astype(np.float32))[: RATE + 777 * seed]
    wanted = functional.detect_pitch_frequency(sound[None], RATE, frame_time=0.01, freq_low=65, freq_high=500)
    assert torch.equal(pitch_hz(sound, RATE, 160, 65, 500), wanted[0])
