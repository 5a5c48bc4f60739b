"""Delivering a recording at the pace of a live source. Results do not depend on it."""

from __future__ import annotations

import threading

from live_sentiment.core.clock import Clock
from live_sentiment.core.errors import UsageError


class Pacer:
    """Holds items back until a live source would have delivered them, at `speed` times real time.

    Args:
        clock: measures and passes the time.
        speed: 1 is real time, 2 twice as fast.

    Raises:
        UsageError: a speed that is not positive.
    """

    def __init__(self, clock: Clock, speed: float) -> None:
        if not speed > 0:
            raise UsageError(f"the speed must be positive or 'max', not {speed:g}")
        self._clock, self._speed = clock, speed
        self._zero_s: float | None = None

    def hold(self, time_s: float, stop: threading.Event) -> None:
        """Return when media time `time_s` has come, or `stop` is set. The first call comes at once."""
        now_s = self._clock.now_s()
        if self._zero_s is None:
            self._zero_s = now_s - time_s / self._speed
        wait_s = self._zero_s + time_s / self._speed - now_s
        if wait_s > 0:
            self._clock.sleep(wait_s, stop)
