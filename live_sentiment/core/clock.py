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

    def join(self, thread: threading.Thread, timeout_s: float | None = None) -> bool:
        """Wait until a thread has ended, for so long at most. Returns whether it has."""
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

    def join(self, thread: threading.Thread, timeout_s: float | None = None) -> bool:
        """Wait until a thread has ended, for so long at most. Returns whether it has."""
        thread.join(timeout_s)
        return not thread.is_alive()
