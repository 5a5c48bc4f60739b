"""How old results are when they are published."""

from __future__ import annotations

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import TimelinePoint
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.gauges import Histogram


class LagGauge(Sink):
    """Measures the lag of every point of a live session: the moment it is told − the moment it speaks of.

    Args:
        clock: the session's.
        zero_s: session zero on that clock.
    """

    def __init__(self, clock: Clock, zero_s: float = 0.0) -> None:
        self._clock, self.zero_s = clock, zero_s
        self.provisional, self.final = Histogram(), Histogram()

    def point(self, point: TimelinePoint) -> None:
        """Measure a tick."""
        lag_s = self._clock.now_s() - self.zero_s - point.time_s
        (self.final if point.final else self.provisional).record(lag_s)
