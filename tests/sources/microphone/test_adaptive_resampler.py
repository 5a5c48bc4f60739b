"""Sound of a device whose clock is off, laid on the exact grid: measured on sines."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from live_sentiment.core.types import FloatArray
from live_sentiment.sources.microphone.adaptive_resampler import LATENCY, SLEW, TAPS, AdaptiveResampler
from live_sentiment.sources.microphone.device_clock import DeviceClock

ODD_SIZES = (1, 7, 480, 1023, 3, 1536, 17, 2048, 333)


class Settled(DeviceClock):
    """A clock that knows: sample 0 lies at `zero_s`, the device is fast by `drift_ppm`."""

    def __init__(self, rate_hz: int, zero_s: float, drift_ppm: float) -> None:
        super().__init__(rate_hz)
        self.zero_s, self.true_rate_hz = zero_s, rate_hz * (1 + drift_ppm * 1e-6)

    def time_s(self, count: float) -> float:
        return self.zero_s + count / self.true_rate_hz

    def count_at(self, time_s: float) -> float:
        return (time_s - self.zero_s) * self.true_rate_hz


def tone(times_s: np.ndarray, hz: float, channels: int) -> FloatArray:
    """The same tone in all channels, each a little later than the last; shape (n, channels)."""
    phases = 2 * np.pi * hz * times_s[:, None] + 0.3 * np.arange(channels)
    return (0.5 * np.sin(phases)).astype(np.float32)


def cut(samples: FloatArray, sizes: tuple[int, ...] = ODD_SIZES) -> Iterator[FloatArray]:
    begin, turn = 0, 0
    while begin < len(samples):
        size = sizes[turn % len(sizes)]
        yield samples[begin : begin + size]
        begin, turn = begin + size, turn + 1


def retimed(
    samples: FloatArray, clock: DeviceClock, rate_hz: int, start: Fraction, sizes: tuple[int, ...] = ODD_SIZES
) -> FloatArray:
    resampler = AdaptiveResampler(rate_hz, samples.shape[1])
    resampler.restart(start, clock.count_at(float(start)), 0)
    pieces = [resampler(block, clock) for block in cut(samples, sizes)]
    return np.concatenate([*pieces, resampler.flush(clock)])


def snr_db(heard: FloatArray, ideal: FloatArray) -> float:
    noise = np.mean((heard - ideal.astype(np.float64)) ** 2)
    return float(10 * np.log10(np.mean(ideal.astype(np.float64) ** 2) / noise))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("drift_ppm", [100.0, -100.0])
def test_a_sine_comes_out_on_the_exact_grid_without_seams(
    rate_hz: int, channels: int, drift_ppm: float
) -> None:
    clock = Settled(rate_hz, 1.2345678, drift_ppm)
    start = Fraction(1235, 1000)
    for hz in (440.0, 0.35 * rate_hz):
        given_s = clock.zero_s + np.arange(2 * rate_hz) / clock.true_rate_hz
        heard = retimed(tone(given_s, hz, channels), clock, rate_hz, start)
        ideal = tone(float(start) + np.arange(len(heard)) / rate_hz, hz, channels)
        inner = slice(TAPS, -TAPS)  # the ends have silence beside them
        assert snr_db(heard[inner], ideal[inner]) > 60.0
        # A click is short: the worst single sample tells it.
        assert np.abs(heard[inner] - ideal[inner]).max() < 2e-3
        assert heard.dtype == np.float32
        assert heard.shape[1] == channels
        assert float(start) + len(heard) / rate_hz == pytest.approx(given_s[-1], abs=2 / rate_hz)


@example([1, 2], 1.0)
@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=12), st.floats(-200.0, 200.0))
def test_no_bit_depends_on_how_the_input_was_cut(sizes: list[int], drift_ppm: float) -> None:
    clock = Settled(16_000, 0.0, drift_ppm)
    samples = np.random.default_rng(5).standard_normal((12_000, 2)).astype(np.float32)
    whole = retimed(samples, clock, 16_000, Fraction(1, 1000), (12_000,))
    assert np.array_equal(retimed(samples, clock, 16_000, Fraction(1, 1000), tuple(sizes)), whole)


def test_what_is_held_back_is_the_stated_latency() -> None:
    clock = Settled(48_000, 0.0, 0.0)
    resampler = AdaptiveResampler(48_000, 1)
    resampler.restart(Fraction(0), 0.0, 0)
    assert len(resampler(np.zeros((1000, 1), np.float32), clock)) == 1000 - LATENCY
    assert len(resampler(np.zeros((1, 1), np.float32), clock)) == 1
    assert len(resampler.flush(clock)) == LATENCY


def test_a_new_stretch_has_nothing_of_the_one_before() -> None:
    clock = Settled(16_000, 0.0, 50.0)
    resampler = AdaptiveResampler(16_000, 1)
    resampler.restart(Fraction(0), 0.0, 0)
    resampler(np.ones((5000, 1), np.float32), clock)
    count = 20_000
    start = Fraction(int(clock.time_s(count) * 1000) + 1, 1000)
    resampler.restart(start, clock.count_at(float(start)), count)
    given_s = clock.time_s(count) + np.arange(8000) / clock.true_rate_hz
    heard = np.concatenate([resampler(block, clock) for block in cut(tone(given_s, 300.0, 1))])
    ideal = tone(float(start) + np.arange(len(heard)) / 16_000, 300.0, 1)
    assert snr_db(heard[TAPS:], ideal[TAPS:]) > 60.0
    assert not resampler(np.zeros((0, 1), np.float32), clock).size


def test_a_stretch_may_begin_well_behind_its_first_sample() -> None:
    clock = Settled(16_000, 0.0, 0.0)
    samples = np.arange(4000, dtype=np.float32)[:, None]
    heard = retimed(samples, clock, 16_000, Fraction(1, 10), (100,))
    assert len(heard) == 4000 - 1600
    assert heard[0, 0] == pytest.approx(1600.0, rel=1e-4)


def test_a_stretch_cannot_begin_before_its_sound() -> None:
    resampler = AdaptiveResampler(16_000, 1)
    with pytest.raises(ValueError, match="before its sound"):
        resampler.restart(Fraction(0), 99.0, 100)
    resampler.restart(Fraction(0), 99.9999999, 100)  # rounding


def test_a_clock_that_turns_out_wrong_is_followed_without_a_click() -> None:
    clock = Settled(48_000, 0.0, 0.0)
    resampler = AdaptiveResampler(48_000, 1)
    resampler.restart(Fraction(0), 0.0, 0)
    given_s = np.arange(48_000 * 12) / 48_000
    samples, hz = tone(given_s, 440.0, 1), 440.0
    heard = []
    for number, block in enumerate(cut(samples, (1536,))):
        if number == 60:
            clock.zero_s = -0.010  # the samples are 10 ms older than was thought
        heard.append(resampler(block, clock))
    sound: FloatArray = np.concatenate(heard)[:, 0]
    # No two neighbouring samples are further apart than those of a tone that is a little too high.
    steepest = 0.5 * 2 * np.pi * hz / 48_000 * (1 + SLEW)
    assert np.abs(np.diff(sound[TAPS:])).max() < steepest * 1.001
    # And in the end sample n holds what was taken 10 ms after n / rate by the device's count.
    n = np.arange(len(sound) - 48_000, len(sound))
    assert snr_db(sound[n], tone(n / 48_000 + 0.010, hz, 1)[:, 0]) > 60.0
