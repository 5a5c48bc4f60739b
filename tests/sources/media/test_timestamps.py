"""Which timestamps of packets are believed, on packets made up here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import pytest

from live_sentiment.sources.media.claims import Claim, Settled
from live_sentiment.sources.media.timestamps import TimestampRepair

PERIOD = Fraction(1, 25)
PICTURE, SOUND = 0, 1
TOLERANCE = {PICTURE: Fraction(1), SOUND: Fraction(1, 25)}


def settled(
    packets: Iterable[tuple[int, Fraction]],
    *,
    length_s: float | None = None,
    clock_may_change: bool = False,
    duration: Fraction = PERIOD,
) -> list[Settled]:
    length = None if length_s is None else Fraction(length_s)
    repair = TimestampRepair(TOLERANCE, length=length, clock_may_change=clock_may_change)
    out: list[Settled] = []
    for stream, time in packets:
        out += repair.add(Claim(stream, time, time, duration))
    return [*out, *repair.finish()]


def times(out: Sequence[Settled], stream: int = PICTURE) -> list[Fraction | None]:
    return [one.dts for one in out if one.claim.stream == stream]


def part(seconds: int, first_s: int = 0) -> list[Fraction]:
    return [first_s + index * PERIOD for index in range(seconds * 25)]


def pictures(stamps: Iterable[Fraction]) -> list[tuple[int, Fraction]]:
    return [(PICTURE, time) for time in stamps]


def both(stamps: Iterable[Fraction]) -> list[tuple[int, Fraction]]:
    return [(stream, time) for time in stamps for stream in (PICTURE, SOUND)]


def test_a_file_that_goes_on_is_left_alone() -> None:
    stamps = part(4, first_s=3)
    out = settled(both(stamps))
    assert times(out) == times(out, SOUND) == stamps
    assert [one.claim.stream for one in out] == [PICTURE, SOUND] * len(stamps)
    assert not any(one.false or one.restarted for one in out)


@pytest.mark.parametrize("stream", [PICTURE, SOUND])
@pytest.mark.parametrize("place", [0, 1, 50, 98, 99])
@pytest.mark.parametrize("leap_s", [-95_000, -30, -2, 2, 5.5, 372, 95_000])
def test_a_stamp_that_leaps_alone_is_repaired_and_counted(*, stream: int, place: int, leap_s: float) -> None:
    packets = both(part(4))
    index = 2 * place + stream
    packets[index] = (stream, packets[index][1] + Fraction(leap_s))
    out = settled(packets, clock_may_change=True)
    assert times(out) == times(out, SOUND) == part(4)
    assert [one.claim.dts for one in out if one.false] == [packets[index][1]]
    assert not any(one.restarted for one in out)


def test_a_cluster_that_states_another_time_is_repaired() -> None:
    """Matroska states the time once for up to five seconds of all streams."""
    packets = both(part(20))
    packets[250:500] = [(stream, time + 4096) for stream, time in packets[250:500]]
    out = settled(packets)
    assert times(out) == times(out, SOUND) == part(20)
    assert sum(one.false for one in out) == 250


def test_several_false_stamps_side_by_side_are_repaired() -> None:
    packets = pictures(part(4))
    for index, leap in ((40, 300), (41, -7), (43, 9000), (60, 2)):
        packets[index] = (PICTURE, packets[index][1] + leap)
    out = settled(packets)
    assert times(out) == part(4)
    assert sum(one.false for one in out) == 4


def test_sound_that_leaps_by_little_comes_back_as_well() -> None:
    packets = [(SOUND, time) for time in part(4)]
    packets[30:38] = [(SOUND, time + Fraction(182, 1000)) for _, time in packets[30:38]]
    out = settled(packets)
    assert times(out, SOUND) == part(4)


@pytest.mark.parametrize("clock_may_change", [False, True])
@pytest.mark.parametrize("hole_s", [Fraction(3, 2), Fraction(5), Fraction(60)])
def test_a_hole_is_believed(hole_s: Fraction, clock_may_change: bool) -> None:
    stamps = [time if time < 2 else time + hole_s for time in part(14)]
    out = settled(both(stamps), clock_may_change=clock_may_change)
    assert times(out) == times(out, SOUND) == stamps
    assert not any(one.false or one.restarted for one in out)


def test_a_hole_in_one_stream_alone_is_believed() -> None:
    packets = [*both(part(3)), *[(SOUND, time) for time in part(5, first_s=3)], *both(part(12, first_s=8))]
    out = settled(packets, clock_may_change=True)
    assert times(out) == [*part(3), *part(12, first_s=8)]
    assert not any(one.false or one.restarted for one in out)


def test_pictures_of_any_rate_are_believed() -> None:
    stamps = [Fraction(time) for time in (0, 3, Fraction("3.1"), 20, Fraction("20.5"), 41, 55, 56, 80)]
    out = settled(pictures(stamps), duration=Fraction(0), length_s=80)
    assert times(out) == stamps
    assert not any(one.false for one in out)


@pytest.mark.parametrize("clock_may_change", [False, True])
def test_a_leap_for_good_beyond_any_hole_does_not_make_a_file_of_days(clock_may_change: bool) -> None:
    stamps = [time if time < 2 else time + 90_000 for time in part(15)]
    out = settled(both(stamps), clock_may_change=clock_may_change)
    assert times(out) == times(out, SOUND) == part(15)
    assert any(one.restarted for one in out)


def test_no_hole_goes_beyond_the_length_that_a_file_states() -> None:
    stamps = [time if time < 2 else time + 300 for time in part(15)]
    assert times(settled(pictures(stamps), length_s=320)) == stamps
    assert times(settled(pictures(stamps), length_s=15)) == part(15)


def test_parts_that_each_start_at_zero_are_joined_end_to_end() -> None:
    out = settled(pictures(part(4) + part(3) + part(2)))
    assert times(out) == part(9)
    assert sum(one.restarted for one in out) == 2


def test_streams_that_restart_at_different_packets_stay_in_step() -> None:
    first, second = part(4), part(3)
    # The sound of the first part still comes after the picture has started over.
    packets = [(0, time) for time in first] + [(1, time) for time in first[:-5]]
    packets += [(0, time) for time in second[:5]] + [(1, time) for time in first[-5:]]
    packets += [(0, time) for time in second[5:]] + [(1, time) for time in second]
    out = settled(packets)
    assert times(out, PICTURE) == times(out, SOUND) == part(7)
    assert sum(one.restarted for one in out) == 1


def reordered(seconds: int) -> list[tuple[Fraction, Fraction]]:
    """Decoding and presentation times of pictures of which every third is decoded two early."""
    return [(time, time + PERIOD * (3 if index % 3 == 0 else 0)) for index, time in enumerate(part(seconds))]


@pytest.mark.parametrize("leap_s", [-400, -3, 3, 372])
@pytest.mark.parametrize("place", [0, 1, 50, 99])
def test_a_presentation_time_that_leaps_alone_is_given_up(place: int, leap_s: int) -> None:
    stamps = reordered(4)
    stamps[place] = (stamps[place][0], stamps[place][1] + leap_s)
    repair = TimestampRepair(TOLERANCE)
    out = [one for dts, pts in stamps for one in repair.add(Claim(PICTURE, dts, pts, PERIOD))]
    out += repair.finish()
    wanted: list[Fraction | None] = [pts for _, pts in reordered(4)]
    wanted[place] = None
    assert [one.pts for one in out] == wanted
    assert [one.false for one in out] == [index == place for index in range(100)]


def test_a_decoding_time_that_leaps_alone_leaves_the_presentation_time() -> None:
    stamps = reordered(4)
    stamps[40] = (stamps[40][0] + 500, stamps[40][1])
    repair = TimestampRepair(TOLERANCE)
    out = [one for dts, pts in stamps for one in repair.add(Claim(PICTURE, dts, pts, PERIOD))]
    out += repair.finish()
    assert [one.pts for one in out] == [pts for _, pts in reordered(4)]


def test_what_is_held_back_is_bounded() -> None:
    repair = TimestampRepair(TOLERANCE)
    held = most = 0
    for index in range(2_000):
        # Every stamp leaps and none agrees with another.
        time = Fraction(index * 7919 % 2_003)
        held += 1 - len(list(repair.add(Claim(PICTURE, time, time, PERIOD, size=1000))))
        most = max(most, held)
    assert most < 300
