from __future__ import annotations

import threading

import pytest

from live_sentiment.clock import MonotonicClock, VirtualClock


def test_a_virtual_clock_moves_only_when_moved() -> None:
    clock = VirtualClock(10.0)
    assert clock.now_s() == clock.now_s() == 10.0
    clock.advance(2.5)
    assert clock.now_s() == 12.5


def test_no_clock_goes_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        VirtualClock().advance(-0.1)


def test_sleeping_on_a_virtual_clock_passes_its_time() -> None:
    clock = VirtualClock()
    assert not clock.sleep(3600.0, threading.Event())
    assert not clock.sleep(-1.0, threading.Event())
    assert clock.now_s() == 3600.0


def test_a_sleeper_that_was_woken_before_does_not_sleep() -> None:
    wake = threading.Event()
    wake.set()
    virtual = VirtualClock()
    assert virtual.sleep(3600.0, wake)
    assert virtual.now_s() == 0.0
    assert MonotonicClock().sleep(3600.0, wake)


def test_the_monotonic_clock_goes_forward() -> None:
    clock = MonotonicClock()
    before_s = clock.now_s()
    assert not clock.sleep(0.0, threading.Event())
    assert clock.now_s() >= before_s
