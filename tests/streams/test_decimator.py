from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.streams.decimator import Decimator

TICKS_PER_S = 90_000


def taken(rate_hz: float, times: list[Fraction]) -> list[Fraction]:
    grid = Decimator(rate_hz)
    return [time for time in times if grid.takes(time)]


@given(
    st.sampled_from([6.25, 10.0, 12.5, 25.0]),
    st.lists(st.integers(0, 20 * TICKS_PER_S), min_size=1, unique=True).map(sorted),
)
def test_at_most_the_rate_and_never_a_hole_that_was_not_there(rate_hz: float, ticks: list[int]) -> None:
    times = [Fraction(tick, TICKS_PER_S) for tick in ticks]
    kept = taken(rate_hz, times)
    assert kept[0] == times[0]
    period = 1 / Fraction(rate_hz)
    for left_out in set(times) - set(kept):
        assert any(0 < left_out - time < period for time in kept)
    for time in kept:
        assert sum(time <= other < time + 10 * period for other in kept) <= 11


@pytest.mark.parametrize(("fps", "every"), [(25, 2), (50, 4), (100, 8), (12.5, 1)])
def test_a_regular_film_stays_regular_whatever_the_rounding_of_its_times(fps: float, every: int) -> None:
    exact = [Fraction(index) / Fraction(fps) for index in range(200)]
    rounded = [
        Fraction(round(time * 1000 + wobble), 1000)
        for time, wobble in zip(exact, [0, 1, -1, 0] * 50, strict=True)
    ]
    rounded[0] = Fraction(0)
    for times in (exact, rounded):
        assert taken(12.5, times) == times[::every]


def test_a_slow_film_is_kept_whole() -> None:
    times = [Fraction(index, 5) for index in range(20)]
    assert taken(12.5, times) == times


def test_the_choice_depends_on_time_alone_not_on_where_reading_begins() -> None:
    times = [Fraction(index, 30) for index in range(300)]
    assert taken(12.5, times)[30:] == [t for t in taken(12.5, times[60:]) if t >= taken(12.5, times)[30]]


@given(
    st.sampled_from([6.25, 10.0, 12.5, 25.0]),
    st.lists(st.integers(0, 20 * TICKS_PER_S), min_size=1, unique=True).map(sorted),
)
def test_choosing_again_loses_nothing(rate_hz: float, ticks: list[int]) -> None:
    kept = taken(rate_hz, [Fraction(tick, TICKS_PER_S) for tick in ticks])
    again = Decimator(rate_hz)
    assert all(again.takes(float(time)) for time in kept)
