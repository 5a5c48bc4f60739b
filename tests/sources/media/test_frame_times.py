from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import pytest

from live_sentiment.sources.media.frame_times import FrameTimes, TimedFrame

PERIOD = Fraction(1, 25)
STEADY = [index * PERIOD for index in range(20)]


def timed(stamps: Iterable[Fraction | None]) -> tuple[list[TimedFrame], FrameTimes]:
    frame_times = FrameTimes(PERIOD)
    out = [
        one
        for number, time in enumerate(stamps)
        for one in frame_times.add(number, time, exact=time is not None)
    ]
    return [*out, *frame_times.finish()], frame_times


@pytest.mark.parametrize("place", range(20))
@pytest.mark.parametrize("leap_s", ["-0.7282", "-0.3641", "-0.091", "0.182", "0.3641", "0.7282"])
def test_a_time_that_leaps_alone_costs_nothing(place: int, leap_s: str) -> None:
    stamps = list(STEADY)
    stamps[place] += Fraction(leap_s)
    out, _ = timed(stamps)
    times = [one.time for one in out]
    assert [one.frame for one in out] == list(range(20))
    assert times == sorted(set(times))
    believed = [(one.time, stamp) for one, stamp in zip(out, STEADY, strict=True) if one.frame != place]
    assert all(time == stamp for time, stamp in believed)
    # At the ends nothing tells a late start or a short hole from a false time.
    if 0 < place < 19:
        assert abs(times[place] - STEADY[place]) < PERIOD
        assert [one.frame for one in out if one.false] == [place]


def test_two_of_them_at_once_as_well() -> None:
    stamps = list(STEADY)
    stamps[7] += Fraction(1, 2)
    stamps[10] -= Fraction(1, 2)
    out, _ = timed(stamps)
    assert [one.frame for one in out if one.false] == [7, 10]
    assert max(abs(one.time - stamp) for one, stamp in zip(out, STEADY, strict=True)) < PERIOD


def test_any_rising_times_are_believed() -> None:
    stamps = [Fraction(hundredths, 100) for hundredths in (0, 3, 10, 50, 51, 52, 190, 400, 900, 901, 6000)]
    out, frame_times = timed(stamps)
    assert [one.time for one in out] == stamps
    assert not any(one.false for one in out)
    assert frame_times.out_of_order == 0


def test_pictures_that_come_twice_are_left_out() -> None:
    """The last ten again, as where two recordings that overlap were joined."""
    again = [*STEADY, *STEADY[10:], *(time + 20 * PERIOD for time in STEADY)]
    out, frame_times = timed(again)
    assert [one.time for one in out] == [index * PERIOD for index in range(40)]
    assert frame_times.out_of_order == 10
    assert not any(one.false for one in out)


def test_a_picture_without_a_time_follows_on() -> None:
    out, _ = timed([Fraction(0), None, None, Fraction(1), None])
    assert [one.time for one in out] == [0, PERIOD, 2 * PERIOD, 1, 1 + PERIOD]


def test_no_more_than_two_pictures_wait() -> None:
    frame_times = FrameTimes(PERIOD)
    given = [
        len(list(frame_times.add(number, Fraction(number * number), exact=True))) for number in range(20)
    ]
    assert all(sum(given[: count + 1]) >= count - 1 for count in range(20))
