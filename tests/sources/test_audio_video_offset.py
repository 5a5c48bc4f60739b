"""Beeps at known times through a microphone whose clock is off: by how much sound and picture come apart.

Pictures are stamped by the host's own clock, so that the error of the sound's time is the error between them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest

from live_sentiment.core.types import FloatArray
from live_sentiment.sources.microphone.adaptive_resampler import AdaptiveResampler
from live_sentiment.sources.microphone.device_clock import DeviceClock

RATE_HZ = 8_000
BLOCK = 800
BEEPS_S = (2.0, 5.0, 30.0, 60.0, 600.0, 3600.0, 7200.0, 14_390.0)
BEEP_S = 0.05
LEAD_S, TAIL_S = 1.5, 0.5
"""Sound is re-timed from so long before each beep to so long after it, as a stretch of its own."""


class BeepingRoom:
    """What a microphone hears whose clock is fast; its callbacks tell the time with jitter, 1 % very late."""

    def __init__(self, drift_ppm: float, seed: int) -> None:
        self._true_rate_hz = RATE_HZ * (1 + drift_ppm * 1e-6)
        self._rng = random.Random(seed)

    def told_s(self, count: int) -> float:
        jitter_s = self._rng.gauss(0.0, 0.020)
        late_s = self._rng.uniform(0.0, 0.5) if self._rng.random() < 0.01 else 0.0
        return count / self._true_rate_hz + jitter_s + late_s

    def hear(self, count: int) -> FloatArray:
        times_s = (count + np.arange(BLOCK)) / self._true_rate_hz
        sound = np.zeros(BLOCK)
        for beep_s in BEEPS_S:
            inside = (times_s >= beep_s) & (times_s < beep_s + BEEP_S)
            sound += inside * np.cos(2 * np.pi * 1000 * (times_s - beep_s))
        return sound.astype(np.float32)[:, None]


def stretches(room: BeepingRoom, clock: DeviceClock) -> Iterator[tuple[Fraction, FloatArray]]:
    """The sound around each beep, as a microphone's thread makes it, and the session time of its start."""
    resampler = AdaptiveResampler(RATE_HZ, 1)
    start: Fraction | None = None
    pieces: list[FloatArray] = []
    beeps = list(BEEPS_S)
    count = 0
    while beeps:
        clock.update(count, room.told_s(count))
        now_s = clock.time_s(count)
        if start is None and now_s >= beeps[0] - LEAD_S:
            start = Fraction(math.ceil(clock.time_s(count) * 1000), 1000)
            resampler.restart(start, clock.count_at(float(start)), count)
        if start is not None:
            pieces.append(resampler(room.hear(count), clock))
            if now_s >= beeps[0] + TAIL_S:
                yield start, np.concatenate([*pieces, resampler.flush(clock)])
                start, pieces = None, []
                beeps.pop(0)
        count += BLOCK


@pytest.mark.parametrize(("drift_ppm", "seed"), [(100.0, 0), (-100.0, 1)])
def test_sound_and_picture_stay_together_from_the_first_seconds_to_the_fourth_hour(
    drift_ppm: float, seed: int
) -> None:
    offsets_s: dict[float, float] = {}
    found = stretches(BeepingRoom(drift_ppm, seed), DeviceClock(RATE_HZ))
    for beep_s, (start, sound) in zip(BEEPS_S, found, strict=True):
        onset = int(np.flatnonzero(np.abs(sound[:, 0]) > 0.5)[0])
        offsets_s[beep_s] = float(start) + onset / RATE_HZ - beep_s
    assert {beep_s: offset_s for beep_s, offset_s in offsets_s.items() if abs(offset_s) > 0.040} == {}
    assert {beep_s for beep_s, offset_s in offsets_s.items() if abs(offset_s) > 0.010} <= {2.0, 5.0}
