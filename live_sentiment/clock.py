"""Clocks: the only places that know what time it is. Results never depend on them, gauges and pacing do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """A time that only goes forward."""

    def now_s(self) -> float:
        """Seconds since an arbitrary but fixed moment."""
        ...

    def sleep(self, seconds: float, wake: threading.Event) -> bool:
        """Let `seconds` pass, or less where `wake` is set meanwhile. Returns whether `wake` is set."""
        ...

    def wait(self, condition: threading.Condition, predicate: Callable[[], object]) -> None:
        """Wait on a condition, whose lock the caller holds, until `predicate` is true."""
        ...


class MonotonicClock:
    """The machine's own monotonic clock."""

    def now_s(self) -> float:
        """Seconds since boot, unaffected by changes of the time of day."""
        return time.monotonic()

    def sleep(self, seconds: float, wake: threading.Event) -> bool:
        """Sleep `seconds`, or until `wake` is set. Returns whether `wake` is set."""
        return wake.wait(max(seconds, 0.0))

    def wait(self, condition: threading.Condition, predicate: Callable[[], object]) -> None:
        """Wait on a condition, whose lock the caller holds, until `predicate` is true."""
        condition.wait_for(predicate)


class VirtualClock:
    """A clock that is moved by hand, and by whoever sleeps on it: a long session passes in no time.

    >>> clock = VirtualClock()
    >>> clock.advance(2.5)
    >>> clock.now_s()
    2.5
    """

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()

    def now_s(self) -> float:
        """The sum of all that has passed."""
        with self._lock:
            return self._now_s

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass.

        Raises:
            ValueError: time would go back.
        """
        if seconds < 0:
            raise ValueError(f"a clock does not go back, and {seconds} s is negative")
        with self._lock:
            self._now_s += seconds

    def sleep(self, seconds: float, wake: threading.Event) -> bool:
        """Let `seconds` pass at once, unless `wake` is set already. Returns whether `wake` is set."""
        if wake.is_set():
            return True
        self.advance(max(seconds, 0.0))
        return False

    def wait(self, condition: threading.Condition, predicate: Callable[[], object]) -> None:
        """Wait on a condition, whose lock the caller holds, until `predicate` is true."""
        condition.wait_for(predicate)
