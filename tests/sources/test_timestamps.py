from __future__ import annotations

from fractions import Fraction

from live_sentiment.sources.timestamps import RestartCorrection

PERIOD = Fraction(1, 25)


def corrected(packets: list[tuple[int, Fraction]]) -> tuple[dict[int, list[Fraction]], int]:
    correction = RestartCorrection()
    out: dict[int, list[Fraction]] = {}
    for stream, dts in packets:
        out.setdefault(stream, []).append(dts + correction.shift(stream, dts, PERIOD))
    return out, correction.restarts


def part(seconds: int, first_s: int = 0) -> list[Fraction]:
    return [first_s + index * PERIOD for index in range(seconds * 25)]


def test_a_file_that_goes_on_is_left_alone() -> None:
    times = part(4, first_s=3)
    out, restarts = corrected([(0, time) for time in times])
    assert out[0] == times
    assert restarts == 0


def test_parts_that_each_start_at_zero_are_joined_end_to_end() -> None:
    out, restarts = corrected([(0, time) for time in part(4) + part(3) + part(2)])
    assert out[0] == part(9)
    assert restarts == 2


def test_streams_that_restart_at_different_packets_stay_in_step() -> None:
    first, second = part(4), part(3)
    # The sound of the first part still comes after the picture has started over.
    packets = [(0, time) for time in first] + [(1, time) for time in first[:-5]]
    packets += [(0, time) for time in second[:5]] + [(1, time) for time in first[-5:]]
    packets += [(0, time) for time in second[5:]] + [(1, time) for time in second]
    out, restarts = corrected(packets)
    assert out[0] == out[1] == part(7)
    assert restarts == 1


def test_reordered_pictures_are_no_restart() -> None:
    times = [Fraction(number, 25) for number in (0, 3, 1, 2, 6, 4, 5)]
    out, restarts = corrected([(0, time) for time in times])
    assert out[0] == times
    assert restarts == 0
