from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.streams.channel import CANCELLED, OVERRUN, Channel, ClosedError, Full
from live_sentiment.streams.gauges import QueueGauge
from tests.helpers.virtual_clock import VirtualClock

PATIENCE_S = 30.0


@contextmanager
def running(*works: Callable[[], None], clock: VirtualClock | None = None) -> Iterator[None]:
    """Threads that must all have ended by themselves at the end of the block."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    with clock.taking_part() if clock else nullcontext():
        for thread in threads:
            thread.start()
    yield
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads), "a thread is stuck"


def test_everything_arrives_in_order_through_a_narrow_channel_and_none_too_many_wait() -> None:
    gauge = QueueGauge(VirtualClock())
    channel: Channel[int] = Channel(3, gauge=gauge)

    def produce() -> None:
        for number in range(1000):
            assert channel.put(number)
        channel.close()

    with running(produce):
        received = list(channel)
    assert received == list(range(1000))
    reading = gauge.read()
    assert reading.max_depth <= 3
    assert (reading.entered, reading.depth, reading.dropped) == (1000, 0, {})


def test_several_consumers_share_the_work_and_all_learn_of_its_end() -> None:
    channel: Channel[int] = Channel(2)
    received: list[list[int]] = [[], [], []]

    def consume(into: list[int]) -> Callable[[], None]:
        return lambda: into.extend(channel)

    with running(*map(consume, received)):
        for number in range(300):
            channel.put(number)
        channel.close()
    assert sorted(number for one in received for number in one) == list(range(300))
    assert all(one == sorted(one) for one in received)


def test_several_producers_share_a_channel() -> None:
    channel: Channel[int] = Channel(1)

    def produce(first: int) -> Callable[[], None]:
        return lambda: [channel.put(number) for number in range(first, first + 100)] and None

    with running(*map(produce, (0, 100, 200))):
        received = [channel.get() for _ in range(300)]
    assert sorted(received) == list(range(300))


def test_closing_lets_the_rest_be_received() -> None:
    channel: Channel[str] = Channel(5)
    channel.put("a")
    channel.put("b")
    channel.close()
    assert list(channel) == ["a", "b"]
    with pytest.raises(ClosedError):
        channel.get()
    with pytest.raises(ValueError, match="closed"):
        channel.put("c")


def test_an_error_comes_after_what_was_put_before_it_and_to_every_consumer() -> None:
    channel: Channel[str] = Channel(5)
    channel.put("a")
    channel.fail(OSError("the disk is gone"))
    assert channel.get() == "a"
    for _ in range(2):
        with pytest.raises(OSError, match="the disk is gone"):
            list(channel)


def test_an_error_after_the_end_changes_nothing() -> None:
    channel: Channel[str] = Channel(1)
    channel.close()
    channel.fail(OSError("too late"))
    assert list(channel) == []


def test_a_waiting_consumer_is_woken_by_the_end_and_by_an_error() -> None:
    ended: Channel[str] = Channel(1)
    failed: Channel[str] = Channel(1)
    errors: list[BaseException] = []

    def consume() -> None:
        assert list(ended) == []
        try:
            failed.get()
        except OSError as error:
            errors.append(error)

    with running(consume):
        ended.close()
        failed.fail(OSError("gone"))
    assert [str(error) for error in errors] == ["gone"]


def test_a_producer_that_waits_is_told_when_the_consumers_leave() -> None:
    gauge = QueueGauge(VirtualClock())
    channel: Channel[int] = Channel(1, gauge=gauge)
    answers: list[bool] = []
    filled = threading.Event()

    def produce() -> None:
        answers.append(channel.put(0))
        filled.set()
        answers.append(channel.put(1))
        answers.append(channel.put(2))

    with running(produce):
        assert filled.wait(PATIENCE_S)
        channel.cancel()
    assert answers == [True, False, False]
    assert len(channel) == 0
    assert gauge.read().dropped == {CANCELLED: 1}
    assert list(channel) == []


def test_a_waiting_consumer_is_woken_when_the_consumers_leave() -> None:
    channel: Channel[int] = Channel(1)

    def consume() -> None:
        assert list(channel) == []

    with running(consume):
        channel.cancel()


def test_seconds_of_media_bound_a_channel_too_and_a_long_item_passes_alone() -> None:
    channel: Channel[float] = Channel(100, Full.DROP_OLDEST, capacity_s=1.0, duration_s=float)
    for seconds in (0.4, 0.4, 0.4):
        channel.put(seconds)
    assert len(channel) == 2
    assert channel.waiting_s == pytest.approx(0.8)
    channel.put(5.0)
    assert channel.get() == 5.0
    assert channel.waiting_s == 0.0


def test_a_producer_waits_for_seconds_of_media_to_be_taken() -> None:
    channel: Channel[float] = Channel(100, capacity_s=1.0, duration_s=float)
    most: list[float] = []

    def produce() -> None:
        for _ in range(50):
            channel.put(0.3)
        channel.close()

    with running(produce):
        for _ in channel:
            most.append(channel.waiting_s)
    assert len(most) == 50
    assert max(most) <= 1.0


@given(st.lists(st.floats(0.01, 3.0), max_size=40), st.integers(1, 6), st.floats(0.5, 4.0))
def test_dropping_keeps_the_newest_that_fit(durations: list[float], capacity: int, capacity_s: float) -> None:
    gauge = QueueGauge(VirtualClock())
    channel: Channel[float] = Channel(
        capacity, Full.DROP_OLDEST, capacity_s=capacity_s, duration_s=float, gauge=gauge
    )
    for seconds in durations:
        assert channel.put(seconds)
    channel.close()
    kept = list(channel)
    assert kept == durations[len(durations) - len(kept) :]
    assert len(kept) <= capacity
    assert len(kept) <= 1 or sum(kept) <= capacity_s + 1e-9
    assert len(kept) >= min(len(durations), 1)
    assert gauge.read().dropped.get(OVERRUN, 0) == len(durations) - len(kept)


def test_an_overrun_tells_what_it_dropped_and_holds_no_lock_meanwhile() -> None:
    dropped: list[tuple[float, ...]] = []
    channel: Channel[float]

    def on_drop(items: Sequence[float]) -> None:
        dropped.append(tuple(items))
        assert channel.get() == 0.9  # would never return inside the lock

    channel = Channel(9, Full.DROP_OLDEST, capacity_s=1.0, duration_s=float, on_drop=on_drop)
    for seconds in (0.3, 0.4, 0.2, 0.9):
        channel.put(seconds)
    channel.put(0.5)
    channel.cancel()
    assert dropped == [(0.3, 0.4, 0.2)]


def test_all_that_waits_can_give_way_at_once() -> None:
    dropped: list[list[float]] = []
    gauge = QueueGauge(VirtualClock())
    channel: Channel[float] = Channel(
        9,
        Full.DROP_ALL,
        capacity_s=1.0,
        duration_s=float,
        gauge=gauge,
        on_drop=lambda items: dropped.append(list(items)),
    )
    for seconds in (0.4, 0.3, 0.2, 0.15, 0.25):
        channel.put(seconds)
    channel.close()
    assert dropped == [[0.4, 0.3, 0.2]]
    assert list(channel) == [0.15, 0.25]
    assert gauge.read().dropped == {OVERRUN: 3}


def test_both_sides_wait_in_virtual_time() -> None:
    clock = VirtualClock()
    gauge = QueueGauge(clock)
    channel: Channel[int] = Channel(2, gauge=gauge, clock=clock)
    times_s: list[tuple[float, float]] = []
    put_s: list[float] = []

    def produce() -> None:
        for number in range(6):
            clock.sleep(1.0, threading.Event())
            channel.put(number)
            put_s.append(clock.now_s())
        channel.close()

    def consume() -> None:
        for number in channel:
            clock.sleep(3.0, threading.Event())
            times_s.append((number, clock.now_s()))

    with running(produce, consume, clock=clock):
        pass
    assert times_s == [(0, 4.0), (1, 7.0), (2, 10.0), (3, 13.0), (4, 16.0), (5, 19.0)]
    assert put_s == [1.0, 2.0, 3.0, 4.0, 7.0, 10.0]
    assert gauge.read().oldest_s == 0.0


def test_a_channel_that_could_never_work_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Channel(0)
    with pytest.raises(ValueError, match="how long"):
        Channel(1, capacity_s=1.0)


def test_a_full_live_channel_says_what_it_let_go() -> None:
    dropped: list[list[int]] = []
    pictures = Channel[int](2, Full.DROP_OLDEST, on_drop=lambda items: dropped.append(list(items)))
    for number in range(4):
        pictures.put(number)
    assert dropped == [[0], [1]]
    assert [pictures.get(), pictures.get()] == [2, 3]


def test_sound_is_let_go_in_one_stretch() -> None:
    dropped: list[list[float]] = []
    sound = Channel[float](
        100,
        Full.DROP_ALL,
        capacity_s=1.0,
        duration_s=lambda length_s: length_s,
        on_drop=lambda items: dropped.append(list(items)),
    )
    for _ in range(8):
        sound.put(0.125)
    assert not dropped
    sound.put(0.25)
    assert dropped == [[0.125] * 8]
    assert sound.waiting_s == 0.25


def test_what_waits_is_bounded_in_bytes_and_a_larger_item_passes_alone() -> None:
    channel: Channel[bytes] = Channel(
        100, Full.DROP_OLDEST, capacity_bytes=10, size_bytes=len, on_drop=(gone := []).extend
    )
    for item in (b"1234", b"5678"):
        channel.put(item)
    assert len(channel) == 2
    channel.put(b"90ab")
    assert gone == [b"1234"]
    channel.put(b"twelve bytes")
    assert gone == [b"1234", b"5678", b"90ab"]
    assert channel.get() == b"twelve bytes"
    with pytest.raises(ValueError, match="bytes"):
        Channel[bytes](1, capacity_bytes=1)
