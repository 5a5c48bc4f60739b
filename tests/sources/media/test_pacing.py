from __future__ import annotations

import threading

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.media.pacing import Pacer
from tests.helpers.virtual_clock import VirtualClock


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_media_time_passes_at_the_speed_asked_for(speed: float) -> None:
    clock = VirtualClock(1000.0)
    pacer = Pacer(clock, speed)
    for time_s in (3.0, 3.04, 5.0, 63.0):  # the recording is entered at 3 s
        pacer.hold(time_s, threading.Event())
        assert clock.now_s() == pytest.approx(1000.0 + (time_s - 3.0) / speed)


def test_what_is_late_is_not_held_and_the_delay_is_made_good() -> None:
    clock = VirtualClock()
    pacer = Pacer(clock, 1.0)
    pacer.hold(0.0, threading.Event())
    clock.advance(10.0)
    pacer.hold(9.0, threading.Event())
    assert clock.now_s() == 10.0
    pacer.hold(12.0, threading.Event())
    assert clock.now_s() == 12.0


def test_stopping_ends_the_wait() -> None:
    clock = VirtualClock()
    pacer = Pacer(clock, 1.0)
    pacer.hold(0.0, threading.Event())
    stop = threading.Event()
    stop.set()
    pacer.hold(3600.0, stop)
    assert clock.now_s() == 0.0


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_speed_that_leads_nowhere_is_refused(speed: float) -> None:
    with pytest.raises(UsageError, match="speed must be positive"):
        Pacer(VirtualClock(), speed)
