"""A bounded channel between threads: what does not fit makes the producer wait, or pushes out the oldest.

Several producers may share a channel, and several consumers: each item reaches exactly one of them. Nobody
polls: both sides sleep until the other has done something.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

from live_sentiment.core.clock import Clock
from live_sentiment.streams.gauges import QueueGauge

T = TypeVar("T")

OVERRUN = "overrun"
"""Cause of a drop: the channel was full and its policy is to let the oldest go."""
CANCELLED = "cancelled"
"""Cause of a drop: the consumers had left."""


class Full(Enum):
    """What a full channel does with one item more."""

    WAIT = "wait"
    """The producer waits: files, where nothing may be lost."""
    DROP_OLDEST = "drop-oldest"
    """The oldest item is let go: live pictures, where the newest counts."""
    DROP_ALL = "drop-all"
    """Everything that waits is let go: live sound, where one long gap does less harm than many short ones."""


class _Size(NamedTuple):
    seconds: float
    bytes: int


class ClosedError(Exception):
    """The channel is closed and empty: nothing will come any more."""


class Channel(Generic[T]):
    """Bounded in items and, where wanted, in seconds of media and in bytes.

    Args:
        capacity: items that may wait.
        full: what happens to one more.
        capacity_s: seconds of media that may wait; an item longer than that passes alone.
        duration_s: seconds of media in an item; needed with `capacity_s`.
        capacity_bytes: bytes that may wait; a larger item passes alone.
        size_bytes: bytes of an item; needed with `capacity_bytes`.
        gauge: watches depth, age and drops.
        clock: all waiting goes through it; without one it is plain waiting.
        on_drop: told of the items that one overrun has pushed out, oldest first, by the thread that put one
            more; no lock is held meanwhile, and the new item can be received already.
    """

    def __init__(
        self,
        capacity: int,
        full: Full = Full.WAIT,
        *,
        capacity_s: float | None = None,
        duration_s: Callable[[T], float] | None = None,
        capacity_bytes: int | None = None,
        size_bytes: Callable[[T], int] | None = None,
        gauge: QueueGauge | None = None,
        clock: Clock | None = None,
        on_drop: Callable[[Sequence[T]], None] | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError(f"a channel holds at least one item, not {capacity}")
        if capacity_s is not None and duration_s is None:
            raise ValueError("a capacity in seconds needs to know how long an item is")
        if capacity_bytes is not None and size_bytes is None:
            raise ValueError("a capacity in bytes needs to know how large an item is")
        self._capacity, self._capacity_s, self._capacity_bytes = capacity, capacity_s, capacity_bytes
        self._full = full
        self._duration_s = duration_s or (lambda _: 0.0)
        self._size_bytes = size_bytes or (lambda _: 0)
        self._gauge, self._clock, self._on_drop = gauge, clock, on_drop
        self._items: deque[tuple[T, _Size, float]] = deque()  # item, size, stamp
        self._waiting_s, self._waiting_bytes = 0.0, 0
        self._closed = self._cancelled = False
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._changed_for_producer = threading.Condition(self._lock)
        self._changed_for_consumer = threading.Condition(self._lock)

    def put(self, item: T, *, wait: bool = True) -> bool:
        """Hand over one item; with WAIT this blocks while the channel is full.

        Args:
            item: the next.
            wait: False takes it in all the same, at once, for what is rare and must not hold up its sender.

        Returns:
            False once the consumers have left: the item went nowhere, and so will all that follow.

        Raises:
            ValueError: the channel was closed by its own producer.
        """
        size = _Size(self._duration_s(item), self._size_bytes(item))
        with self._lock:
            if self._closed:
                raise ValueError("put on a closed channel")
            if self._full is Full.WAIT and wait:
                self._wait(self._changed_for_producer, lambda: self._cancelled or self._fits(size))
            if self._cancelled:
                return False
            dropped = self._make_room(size) if wait else []
            stamp_s = self._gauge.put(len(self._items) + 1) if self._gauge else 0.0
            self._items.append((item, size, stamp_s))
            self._waiting_s += size.seconds
            self._waiting_bytes += size.bytes
            self._changed_for_consumer.notify()
        if dropped and self._on_drop is not None:
            self._on_drop(dropped)
        return True

    def get(self) -> T:
        """The oldest item, waiting for it if need be.

        Raises:
            ClosedError: closed, and everything put before has been received.
            BaseException: the error given to `fail`, once everything put before has been received.
        """
        with self._lock:
            self._wait(self._changed_for_consumer, lambda: self._items or self._closed or self._cancelled)
            if self._items:
                item = self._take()
                self._changed_for_producer.notify()
                return item
            if self._error is not None:
                raise self._error
            raise ClosedError

    def __iter__(self) -> Iterator[T]:
        """Items until the channel is closed; raises the error given to `fail`."""
        while True:
            try:
                item = self.get()
            except ClosedError:
                return
            yield item

    def close(self) -> None:
        """The producer has no more items; what waits can still be received."""
        with self._lock:
            self._closed = True
            self._changed_for_consumer.notify_all()

    def fail(self, error: BaseException) -> None:
        """Close with an error, which every consumer gets after the items put before it."""
        with self._lock:
            if not self._closed:
                self._error = error
            self._closed = True
            self._changed_for_consumer.notify_all()

    def cancel(self) -> None:
        """The consumers leave: what waits is dropped, a waiting producer is woken and told."""
        with self._lock:
            self._cancelled = True
            while self._items:
                self._take(CANCELLED)
            self._changed_for_producer.notify_all()
            self._changed_for_consumer.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more will be put."""
        return self._closed

    def __len__(self) -> int:
        """Items waiting now."""
        return len(self._items)

    @property
    def waiting_s(self) -> float:
        """Seconds of media waiting now."""
        return self._waiting_s

    def _wait(self, condition: threading.Condition, predicate: Callable[[], object]) -> None:
        if self._clock is None:
            condition.wait_for(predicate)
        else:
            self._clock.wait(condition, predicate)

    def _make_room(self, size: _Size) -> list[T]:
        dropped: list[T] = []
        while not self._fits(size) or (dropped and self._items and self._full is Full.DROP_ALL):
            dropped.append(self._take(OVERRUN))
        return dropped

    def _fits(self, size: _Size) -> bool:
        if not self._items:
            return True
        if self._capacity_s is not None and self._waiting_s + size.seconds > self._capacity_s:
            return False
        if self._capacity_bytes is not None and self._waiting_bytes + size.bytes > self._capacity_bytes:
            return False
        return len(self._items) < self._capacity

    def _take(self, dropped: str | None = None) -> T:
        item, size, stamp_s = self._items.popleft()
        self._waiting_bytes -= size.bytes
        # Summing up and down leaves rounding behind; an empty channel holds nothing.
        self._waiting_s = self._waiting_s - size.seconds if self._items else 0.0
        if self._gauge:
            oldest_put_s = self._items[0][2] if self._items else None
            self._gauge.left(stamp_s, len(self._items), oldest_put_s, dropped)
        return item
