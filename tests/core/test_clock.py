from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

from live_sentiment.core.clock import MonotonicClock
from tests.helpers.virtual_clock import VirtualClock


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


PATIENCE_S = 30.0


def never() -> threading.Event:
    return threading.Event()


def together(clock: VirtualClock, *works: Callable[[], object]) -> None:
    """Start all, in this order and before any time passes, and wait until each has ended."""
    threads = [threading.Thread(target=work, name=f"worker {n}", daemon=True) for n, work in enumerate(works)]
    with clock.taking_part():
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads), "time stands still"


class Log:
    """What happened when."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.entries: list[tuple[float, str]] = []

    def __call__(self, what: str) -> None:
        self.entries.append((round(self.clock.now_s(), 6), what))


def test_sleepers_wake_in_the_order_of_their_times_each_at_its_own() -> None:
    clock = VirtualClock()
    log = Log(clock)

    def ticking(name: str, period_s: float) -> Callable[[], None]:
        def run() -> None:
            for _ in range(3):
                assert not clock.sleep(period_s, never())
                log(name)

        return run

    together(clock, ticking("a", 3.0), ticking("b", 2.0), ticking("c", 7.0))
    assert log.entries == [
        (2.0, "b"),
        (3.0, "a"),
        (4.0, "b"),
        (6.0, "a"),
        (6.0, "b"),
        (7.0, "c"),
        (9.0, "a"),
        (14.0, "c"),
        (21.0, "c"),
    ]


def test_a_thread_that_has_started_and_not_yet_slept_holds_the_time() -> None:
    clock = VirtualClock()
    log = Log(clock)

    def starts_another() -> None:
        thread = threading.Thread(target=slow_to_begin, daemon=True)
        thread.start()
        clock.sleep(5.0, never())
        log("first")

    def slow_to_begin() -> None:
        time.sleep(0.05)  # real time, of which the clock must know nothing
        clock.sleep(1.0, never())
        log("second")

    together(clock, starts_another)
    assert log.entries == [(1.0, "second"), (5.0, "first")]


def test_time_waits_for_whoever_works() -> None:
    clock = VirtualClock()
    log = Log(clock)

    def works() -> None:
        for _ in range(3):
            time.sleep(0.02)
            log("worked")
            clock.sleep(1.0, never())

    def sleeps() -> None:
        clock.sleep(1.5, never())
        log("slept")

    together(clock, works, sleeps)
    assert log.entries == [(0.0, "worked"), (1.0, "worked"), (1.5, "slept"), (2.0, "worked")]


def test_a_sleeper_is_woken_by_its_event_at_the_time_at_which_it_is_set() -> None:
    clock = VirtualClock()
    log = Log(clock)
    wake = threading.Event()

    def wakes() -> None:
        clock.sleep(2.0, never())
        wake.set()
        time.sleep(0.03)
        clock.sleep(0.5, never())
        log("waker")

    together(clock, lambda: log(f"woken: {clock.sleep(3600.0, wake)}"), wakes)
    assert log.entries == [(2.0, "woken: True"), (2.5, "waker")]


def test_who_joins_a_sleeper_through_the_clock_does_not_hold_the_time() -> None:
    clock = VirtualClock()
    log = Log(clock)

    def joins() -> None:
        sleeper = threading.Thread(target=lambda: clock.sleep(60.0, never()), daemon=True)
        sleeper.start()
        assert not clock.join(sleeper, 20.0)
        log("waited")
        assert clock.join(sleeper)
        log("joined")

    together(clock, joins)
    assert log.entries == [(20.0, "waited"), (60.0, "joined")]


def test_who_waits_in_another_way_holds_the_time() -> None:
    clock = VirtualClock()
    log = Log(clock)

    def waits() -> None:
        never().wait(0.05)
        log("waited")

    together(clock, waits, lambda: clock.sleep(1.0, never()))
    assert log.entries == [(0.0, "waited")]


def test_a_condition_is_waited_for_in_virtual_time() -> None:
    clock = VirtualClock()
    log = Log(clock)
    condition = threading.Condition()
    ready: list[int] = []

    def consume() -> None:
        for number in range(5):
            with condition:
                clock.wait(condition, lambda: ready)
                assert ready.pop() == number
            log("took")
            clock.sleep(0.25, never())

    def produce() -> None:
        for number in range(5):
            clock.sleep(1.0, never())
            with condition:
                ready.append(number)
                condition.notify()

    together(clock, consume, produce)
    assert log.entries == [(float(second), "took") for second in range(1, 6)]


def test_a_predicate_that_is_true_already_is_not_waited_for() -> None:
    condition = threading.Condition()
    with condition:
        VirtualClock().wait(condition, lambda: True)
        MonotonicClock().wait(condition, lambda: True)


def test_a_predicate_that_fails_leaves_nobody_behind() -> None:
    clock = VirtualClock()
    condition = threading.Condition()
    answers = iter([False, False])

    with condition, pytest.raises(StopIteration):
        clock.wait(condition, lambda: next(answers))
    assert not clock.sleep(1.0, never())
    assert clock.now_s() == 1.0


def test_the_thread_of_a_test_takes_part_where_it_says_so() -> None:
    clock = VirtualClock()
    log = Log(clock)

    def device() -> None:
        for _ in range(3):
            clock.sleep(0.4, never())
            log("device")

    thread = threading.Thread(target=device, daemon=True)
    with clock.taking_part():
        thread.start()
        time.sleep(0.03)
        log("test")
        clock.sleep(1.0, never())
        log("test")
    thread.join(PATIENCE_S)
    assert log.entries == [(0.0, "test"), (0.4, "device"), (0.8, "device"), (1.0, "test"), (1.2, "device")]


def crowd(seed: int) -> list[tuple[float, str]]:
    """Producers, workers and a collector that hand things on, delayed at random in real time."""
    clock = VirtualClock()
    log = Log(clock)
    delays = random.Random(seed)
    changed = threading.Condition()
    waiting: list[str] = []
    done: list[str] = []
    over = threading.Event()

    def dawdle() -> None:
        if delays.random() < 0.2:
            time.sleep(delays.random() * 0.002)

    def produce(name: str, period_s: float) -> Callable[[], None]:
        def run() -> None:
            for number in range(30):
                dawdle()
                clock.sleep(period_s, over)
                with changed:
                    waiting.append(f"{name}{number}")
                    changed.notify()

        return run

    def work() -> None:
        while True:
            with changed:
                clock.wait(changed, lambda: waiting or over.is_set())
                if not waiting:
                    return
                item = waiting.pop(0)
            dawdle()
            clock.sleep(0.013, never())
            with changed:
                done.append(item)
                changed.notify_all()

    def collect() -> None:
        for _ in range(60):
            with changed:
                clock.wait(changed, lambda: done)
                item = done.pop(0)
            log(item)
            dawdle()
        clock.sleep(10.0, never())
        over.set()
        with changed:
            changed.notify_all()

    together(clock, produce("a", 0.031), produce("b", 0.047), work, collect)
    return log.entries


def test_threads_scheduled_at_random_meet_at_the_same_times_in_every_run() -> None:
    first = crowd(seed=0)
    assert len(first) == 60
    assert all(crowd(seed) == first for seed in range(1, 8))
