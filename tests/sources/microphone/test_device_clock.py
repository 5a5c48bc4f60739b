"""A sound card's callbacks by simulation, and how well its samples are placed in time."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from live_sentiment.sources.microphone.device_clock import TOLD_AFTER_S, DeviceClock

RATE_HZ = 48_000
BLOCK = 1536
"""32 ms, as the microphone asks for."""

Jitter = Callable[[random.Random], float]


def normal(rng: random.Random) -> float:
    return rng.gauss(0, 0.020)


def uniform(rng: random.Random) -> float:
    return rng.uniform(-0.020, 0.020)


def one_sided(rng: random.Random) -> float:
    return rng.expovariate(1 / 0.020)


@dataclass
class Card:
    """A sound card whose clock is fast by `drift_ppm`, and by more and less as it warms and cools."""

    hours: float
    drift_ppm: float = 0.0
    wander_ppm: float = 0.0
    jitter: Jitter = normal
    late: float = 0.01
    lost: dict[int, int] = field(default_factory=dict)
    """By block: samples that never came before it."""
    rate_hz: int = RATE_HZ
    block: int = BLOCK
    seed: int = 0

    def play(self, clock: DeviceClock) -> Outcome:
        rng = random.Random(self.seed)
        outcome, zero_s = Outcome(), 3.21
        count, true_s = 0, zero_s
        for number in range(int(self.hours * 3600 * self.rate_hz / self.block)):
            count += self.lost.get(number, 0)
            wave = math.sin(2 * math.pi * (true_s - zero_s) / 3600)
            drift_ppm = self.drift_ppm + self.wander_ppm * wave
            pace = 1 / (1 + drift_ppm * 1e-6) / self.rate_hz
            true_s += self.lost.get(number, 0) * pace
            told_s = true_s + self.jitter(rng)
            if rng.random() < self.late:
                told_s += rng.uniform(0.0, 0.5)
            before_s = clock.time_s(count)
            clock.update(count, told_s)
            step_s = abs(clock.time_s(count) - before_s)
            outcome.note(true_s - zero_s, clock.time_s(count) - true_s, step_s, clock.drift_ppm, drift_ppm)
            count += self.block
            true_s += self.block * pace
        return outcome


@dataclass
class Outcome:
    """The worst of a run."""

    error_s: float = 0.0
    """Mapped minus true time, after the first second."""
    late_error_s: float = 0.0
    """... after the first minute."""
    step_s: float = 0.0
    drift_error_ppm: float = 0.0
    told_at_s: float | None = None
    """When the drift was told first."""

    def note(
        self, at_s: float, error_s: float, step_s: float, told_ppm: float | None, true_ppm: float
    ) -> None:
        if at_s >= 1.0:
            self.error_s = max(self.error_s, abs(error_s))
            self.step_s = max(self.step_s, step_s)
        if at_s >= 60.0:
            self.late_error_s = max(self.late_error_s, abs(error_s))
        if told_ppm is not None:
            self.told_at_s = at_s if self.told_at_s is None else self.told_at_s
            self.drift_error_ppm = max(self.drift_error_ppm, abs(told_ppm - true_ppm))


@pytest.mark.parametrize(("drift_ppm", "block"), [(100.0, BLOCK), (-100.0, 4096)])
def test_four_hours_of_drift_jitter_and_late_callbacks(drift_ppm: float, block: int) -> None:
    outcome = Card(4.0, drift_ppm, block=block).play(DeviceClock(RATE_HZ))
    assert outcome.error_s < 0.040
    assert outcome.late_error_s < 0.005
    assert outcome.step_s < 0.005
    assert outcome.drift_error_ppm < 5.0
    assert outcome.told_at_s is not None
    assert 60.0 < outcome.told_at_s <= TOLD_AFTER_S + 1.0


@pytest.mark.parametrize("seed", range(12))
def test_the_first_seconds_whatever_the_first_callbacks_say(seed: int) -> None:
    outcome = Card(0.02, 100.0, late=0.05, seed=seed).play(DeviceClock(RATE_HZ))
    assert outcome.error_s < 0.040
    assert outcome.step_s < 0.005
    assert outcome.told_at_s is None


def test_a_crystal_that_warms_and_cools() -> None:
    outcome = Card(2.0, 60.0, wander_ppm=5.0, block=2048).play(DeviceClock(RATE_HZ))
    assert outcome.error_s < 0.040
    assert outcome.late_error_s < 0.010
    assert outcome.drift_error_ppm < 5.0


@pytest.mark.parametrize(("rate_hz", "block"), [(8_000, 256), (44_100, 4_410), (96_000, 1_024)])
def test_other_rates_and_blocks(rate_hz: int, block: int) -> None:
    outcome = Card(0.4, -80.0, rate_hz=rate_hz, block=block, jitter=uniform).play(DeviceClock(rate_hz))
    assert outcome.error_s < 0.040
    assert outcome.step_s < 0.005
    assert outcome.drift_error_ppm < 5.0
    assert outcome.told_at_s is not None


def test_callbacks_that_are_only_ever_late_move_the_mapping_by_their_mean_delay_at_most() -> None:
    outcome = Card(0.5, 100.0, jitter=one_sided).play(DeviceClock(RATE_HZ))
    assert 0.005 < outcome.late_error_s < 0.025
    assert outcome.drift_error_ppm < 5.0


def test_a_steady_device_has_its_drift_told_soon() -> None:
    outcome = Card(0.2, 42.0, jitter=lambda rng: rng.gauss(0, 0.002), late=0.0).play(DeviceClock(RATE_HZ))
    assert outcome.told_at_s is not None
    assert outcome.told_at_s < 120.0
    assert outcome.drift_error_ppm < 5.0
    assert outcome.late_error_s < 0.002


def test_the_line_goes_on_over_lost_samples() -> None:
    gaps = {10_000: 3 * RATE_HZ, 20_000: 90 * RATE_HZ, 20_001: 1}
    outcome = Card(0.5, 100.0, lost=gaps).play(DeviceClock(RATE_HZ))
    assert outcome.error_s < 0.040
    assert outcome.late_error_s < 0.015  # 90 s at a drift that is known to a few ppm, and some jitter
    assert outcome.drift_error_ppm < 5.0


def test_what_was_known_carries_over_an_hour_without_sound() -> None:
    outcome = Card(1.5, 100.0, lost={40_000: 3600 * RATE_HZ}).play(DeviceClock(RATE_HZ))
    assert outcome.error_s < 0.040
    assert outcome.late_error_s < 0.015
    assert outcome.drift_error_ppm < 5.0


def test_counts_and_times_are_each_others_inverse() -> None:
    clock = DeviceClock(RATE_HZ)
    Card(0.1, 70.0).play(clock)
    for count in (0.0, 123.25, 1e7, 17_280_000.5):
        assert clock.count_at(clock.time_s(count)) == pytest.approx(count, abs=1e-4)


def test_a_perfect_device_is_mapped_exactly() -> None:
    clock = DeviceClock(RATE_HZ)
    for number in range(2000):
        clock.update(number * BLOCK, 5.0 + number * BLOCK / RATE_HZ)
    assert clock.time_s(48_000_000) == pytest.approx(1005.0, abs=1e-9)


def test_the_beginning_is_the_median_of_the_first_callbacks() -> None:
    clock = DeviceClock(RATE_HZ)
    for number, told_s in enumerate([0.75, 0.282, 0.314]):  # the first one half a second late
        clock.update(number * BLOCK, told_s)
    assert clock.time_s(0) == pytest.approx(0.25)


def test_nothing_is_told_before_anything_is_known_nor_after_a_new_beginning() -> None:
    clock = DeviceClock(RATE_HZ)
    assert clock.drift_ppm is None
    Card(0.3, 50.0).play(clock)
    assert clock.drift_ppm is not None
    clock.reset()
    assert clock.drift_ppm is None
    clock.update(0, 1000.0)
    assert clock.time_s(RATE_HZ) == pytest.approx(1001.0)
