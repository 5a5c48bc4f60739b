from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction

import numpy as np
import pytest

from live_sentiment.sources.capture import CapturedSound
from live_sentiment.sources.microphone.ring import BlockNote
from live_sentiment.sources.microphone.timestamp_alignment import Gap, TimestampAlignment, quantised

RATE_HZ = 16_000
FRAMES = 512
BLOCK_S = FRAMES / RATE_HZ
ZERO_S = 50.0
CLICK_EVERY = 8_000


def sample(count: int) -> np.ndarray:
    """Silence with a click every half second, at the device's samples 4000, 12000, ...; shape (n, 1)."""
    counts = np.arange(count, count + FRAMES)
    return np.where(counts % CLICK_EVERY == CLICK_EVERY // 2, 0.9, 0.0).astype(np.float32)[:, None]


def place(
    placement: TimestampAlignment,
    blocks: Iterable[int],
    error_s: Callable[[float], float] = lambda _: 0.0,
    overflow: Callable[[float], bool] = lambda _: False,
    rings: Callable[[int], int] = lambda count: count,
) -> list[CapturedSound | Gap]:
    """Give it the device's blocks of these numbers, of which sample n was taken at session time n / rate.

    Args:
        placement: gets them.
        blocks: numbers of the blocks that arrive.
        error_s: by how much later than the truth a callback tells, given the truth.
        overflow: whether it has the flag set, given the same.
        rings: the count that the ring notes for the device's count.
    """
    given: list[CapturedSound | Gap] = []
    for number in blocks:
        taken_s = number * BLOCK_S
        host_s = ZERO_S + taken_s + BLOCK_S + 0.01
        age_s = BLOCK_S + 0.01 - error_s(taken_s)
        note = BlockNote(rings(number * FRAMES), FRAMES, host_s, age_s, overflow(taken_s))
        given += placement.add(note, sample(number * FRAMES))
    return [*given, *placement.flush()]


def placement(bound: Fraction = Fraction(0)) -> TimestampAlignment:
    return TimestampAlignment(RATE_HZ, 1, latency_s=0.05, zero_s=ZERO_S, bound=bound)


def clicks(given: list[CapturedSound | Gap]) -> np.ndarray:
    """Session times of the clicks that came out."""
    sounds = [item for item in given if isinstance(item, CapturedSound)]
    times = [
        float(sound.start) + place / RATE_HZ
        for sound in sounds
        for place in np.flatnonzero(sound.samples[:, 0] > 15_000)
    ]
    return np.array(times)


def gaps(given: list[CapturedSound | Gap]) -> list[Gap]:
    return [item for item in given if isinstance(item, Gap)]


def off_the_truth_s(times_s: np.ndarray) -> np.ndarray:
    """By how much later than the nearest of the true moments."""
    every_s = CLICK_EVERY / RATE_HZ
    return (times_s - every_s / 2 + every_s / 2) % every_s - every_s / 2


def test_nothing_is_given_before_the_bound() -> None:
    given = place(placement(Fraction("1.2345")), range(200))
    first = given[0]
    assert isinstance(first, CapturedSound)
    assert first.start == Fraction("1.235")
    assert clicks(given)[0] == pytest.approx(1.25, abs=1e-4)


def test_sound_is_held_until_the_callbacks_agree_and_then_none_is_missing() -> None:
    given = place(placement(), range(200), error_s=lambda taken_s: max(0.2 - taken_s, 0.0))
    assert np.abs(off_the_truth_s(clicks(given))).max() < 2e-4
    assert len(clicks(given)) == 13
    assert not gaps(given)


def test_callbacks_that_never_agree_are_believed_in_the_end() -> None:
    rng = np.random.default_rng(0)
    one = placement()
    given = place(one, range(60), error_s=lambda _: float(rng.uniform(-0.04, 0.03)))
    assert not gaps(given)
    assert np.abs(off_the_truth_s(clicks(given))).max() < 0.03


def test_a_line_that_was_early_is_corrected_by_a_gap() -> None:
    given = place(placement(), range(300), error_s=lambda taken_s: -0.15 if taken_s < 3 else 0.0)
    (gap,) = gaps(given)
    assert gap.cause == "unexplained"
    assert gap.length_s == pytest.approx(0.15, abs=0.002)
    assert 3.5 < gap.start < 4.5
    times_s = clicks(given)
    assert np.abs(off_the_truth_s(times_s[times_s > gap.end])).max() < 2e-3


def test_a_line_that_was_late_is_corrected_without_telling_any_time_twice() -> None:
    given = place(placement(), range(300), error_s=lambda taken_s: 0.02 if taken_s < 3 else -0.08)
    assert not gaps(given)
    sounds = [item for item in given if isinstance(item, CapturedSound)]
    assert all(before.end <= after.start for before, after in itertools.pairwise(sounds))
    times_s = clicks(given)
    assert off_the_truth_s(times_s[times_s > 5.0]) == pytest.approx(-0.08, abs=2e-3)


@pytest.mark.parametrize("wrong_s", [-0.2, 0.5])
def test_callbacks_that_are_wrong_for_a_moment_move_nothing(wrong_s: float) -> None:
    given = place(placement(), range(300), error_s=lambda taken_s: wrong_s if 4.0 < taken_s < 4.4 else 0.0)
    assert not gaps(given)
    assert np.abs(off_the_truth_s(clicks(given))).max() < 5e-4


def test_a_flag_without_a_loss_is_told_with_its_length() -> None:
    given = place(placement(), range(200), overflow=lambda taken_s: 3.0 < taken_s < 3.0 + BLOCK_S)
    (gap,) = gaps(given)
    assert gap.cause == "overflow"
    assert gap.length_s <= 0.001
    assert np.abs(off_the_truth_s(clicks(given))).max() < 2e-3


def test_a_system_that_overflows_all_the_time_still_gives_sound() -> None:
    given = place(placement(), range(200), overflow=lambda taken_s: taken_s > 2.0)
    assert len(clicks(given)) == 13
    assert len(gaps(given)) < 13, "not one for each callback"


def test_the_ring_running_over_makes_a_gap_to_the_sample_also_where_sound_is_held() -> None:
    for lost_at in (5, 100):
        blocks = [number for number in range(200) if not lost_at <= number < lost_at + 10]
        given = place(placement(), blocks)
        (gap,) = gaps(given)
        assert gap.cause == "overrun"
        assert gap.length_s == pytest.approx(10 * BLOCK_S, abs=0.003)
        assert np.abs(off_the_truth_s(clicks(given))).max() < 2e-4


def test_what_is_not_a_number_is_silence() -> None:
    one = placement()
    given: list[CapturedSound | Gap] = []
    for number in range(40):
        note = BlockNote(number * FRAMES, FRAMES, ZERO_S + number * BLOCK_S + 0.05, 0.05, False)
        given += one.add(note, np.full((FRAMES, 1), np.nan, np.float32))
    assert given
    assert all(not item.samples.any() for item in given if isinstance(item, CapturedSound))


def test_sound_is_rounded_and_what_is_too_loud_is_clipped() -> None:
    floats = np.array([[0.0, 0.5, -1.0, 1.0, -3.0, 1.6 / 32768]], np.float32)
    assert quantised(floats).tolist() == [[0, 16384, -32768, 32767, -32768, 2]]


def test_sixteen_bit_samples_come_back_as_they_were() -> None:
    every = np.arange(-32768, 32768, dtype=np.int16)[:, None]
    assert np.array_equal(quantised((every / np.float32(32768)).astype(np.float32)), every)
