"""What counts as a call that hangs, on a clock that is moved by hand."""

from __future__ import annotations

from live_sentiment.runtime.watchdog import TICK_S, Watchdog
from live_sentiment.streams.gauges import Gauges
from tests.helpers.virtual_clock import VirtualClock


def watched(bound_s: float) -> tuple[VirtualClock, Gauges, Watchdog[str]]:
    clock = VirtualClock()
    gauges = Gauges(clock)
    return clock, gauges, Watchdog(gauges, {"voice": ("hear", "read")}, bound_s, clock)


def looks(clock: VirtualClock, watchdog: Watchdog[str], seconds: float) -> list[tuple[str, bool]]:
    seen: list[tuple[str, bool]] = []
    for _ in range(round(seconds / TICK_S)):
        clock.advance(TICK_S)
        seen += watchdog.look()
    return seen


def test_a_call_hangs_that_lasts_longer_than_the_bound_until_it_returns() -> None:
    clock, gauges, watchdog = watched(10.0)
    with gauges.stage("read").timed():
        assert looks(clock, watchdog, 9.5) == []
        assert looks(clock, watchdog, 100.0) == [("voice", True)]
    assert looks(clock, watchdog, 1.0) == [("voice", False)]


def test_many_calls_of_any_length_below_the_bound_do_not_hang() -> None:
    clock, gauges, watchdog = watched(10.0)
    for name in ["hear", "read"] * 20:
        with gauges.stage(name).timed():
            assert looks(clock, watchdog, 9.0) == []


def test_a_process_that_was_stopped_for_an_hour_has_not_hung() -> None:
    clock, gauges, watchdog = watched(10.0)
    with gauges.stage("read").timed():
        assert looks(clock, watchdog, 5.0) == []
        clock.advance(3600.0)
        assert looks(clock, watchdog, 2.0) == []
