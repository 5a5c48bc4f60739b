"""Gauges: calls and durations of a stage; age, depth and drops of a queue.

They observe and decide nothing. A session owns one `Gauges`; stages and channels are handed theirs. Every
gauge takes bounded memory however long the session, and may be read from another thread at any time.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate

from live_sentiment.core.clock import Clock

_LOWEST_S = 1e-6
_GROWTH = 1.05
_BINS = math.ceil(math.log(1e5 / _LOWEST_S) / math.log(_GROWTH))


class Histogram:
    """Durations in logarithmic bins, 1 µs to a day: quantiles within 2.5 %, from 4 KB whatever the count."""

    def __init__(self) -> None:
        self._bins = [0] * _BINS
        self._lock = threading.Lock()
        self._count = 0
        self._total_s = 0.0
        self._least_s, self._most_s = math.inf, 0.0

    def record(self, seconds: float) -> None:
        """Add one duration; a negative one counts as none at all."""
        seconds = max(seconds, 0.0)
        place = math.floor(math.log(seconds / _LOWEST_S) / math.log(_GROWTH)) if seconds > _LOWEST_S else 0
        with self._lock:
            self._bins[min(place, _BINS - 1)] += 1
            self._count += 1
            self._total_s += seconds
            self._least_s, self._most_s = min(self._least_s, seconds), max(self._most_s, seconds)

    @property
    def count(self) -> int:
        """Durations recorded."""
        return self._count

    @property
    def total_s(self) -> float:
        """Their sum."""
        return self._total_s

    def quantile(self, q: float) -> float:
        """The duration that a share `q` in [0, 1] of all does not exceed (nearest rank); 0 without any."""
        with self._lock:
            rank = max(math.ceil(q * self._count), 1)
            reached = (place for place, seen in enumerate(accumulate(self._bins)) if seen >= rank)
            place = next(reached, None)
            if place is None:
                return 0.0
            middle_s = _LOWEST_S * math.pow(_GROWTH, place + 0.5)
            return min(max(middle_s, self._least_s), self._most_s)

    @property
    def p50_p95(self) -> tuple[float, float]:
        """Median and 95th percentile."""
        return self.quantile(0.5), self.quantile(0.95)


@dataclass(frozen=True, slots=True)
class StageReading:
    """What a stage has done so far."""

    calls: int
    total_s: float
    p50_s: float
    p95_s: float
    p99_s: float


@dataclass(frozen=True, slots=True)
class QueueReading:
    """How a queue is and has been; ages are now − the moment an item was put."""

    entered: int
    depth: int
    """Items waiting now."""
    max_depth: int
    oldest_s: float
    """Age of the item that has waited longest, now."""
    p50_s: float
    """Age at which items left."""
    p95_s: float
    p99_s: float
    dropped: Mapping[str, int]
    """Items that nobody received, by cause."""


class StageGauge:
    """Times the calls of one stage."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._durations = Histogram()
        self.began_s: float | None = None
        """On the clock: when the call under way began; None between two calls."""

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count what happens inside as one call, also when it raises."""
        self.began_s = start_s = self._clock.now_s()
        try:
            yield
        finally:
            self.began_s = None
            self._durations.record(self._clock.now_s() - start_s)

    def read(self) -> StageReading:
        """The present figures."""
        d = self._durations
        return StageReading(d.count, d.total_s, d.quantile(0.5), d.quantile(0.95), d.quantile(0.99))


class QueueGauge:
    """Follows the items of one queue, first in, first out. The queue calls it under its own lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ages = Histogram()
        self._dropped: Counter[str] = Counter()
        self._entered = self._depth = self._max_depth = 0
        self._oldest_put_s: float | None = None

    def put(self, depth: int) -> float:
        """An item has entered and `depth` now wait. Returns its stamp, to be kept beside it."""
        now_s = self._clock.now_s()
        self._entered += 1
        if depth == 1:
            self._oldest_put_s = now_s
        self._depth, self._max_depth = depth, max(self._max_depth, depth)
        return now_s

    def left(self, stamp_s: float, depth: int, oldest_put_s: float | None, cause: str | None = None) -> None:
        """The item stamped `stamp_s` was received, or dropped for `cause`; `depth` remain behind it."""
        if cause is None:
            self._ages.record(self._clock.now_s() - stamp_s)
        else:
            self._dropped[cause] += 1
        self._depth, self._oldest_put_s = depth, oldest_put_s

    def dropped(self, cause: str) -> None:
        """An item that was received has been passed over for `cause`."""
        self._dropped[cause] += 1

    def read(self) -> QueueReading:
        """The present figures."""
        oldest_put_s, ages = self._oldest_put_s, self._ages
        return QueueReading(
            entered=self._entered,
            depth=self._depth,
            max_depth=self._max_depth,
            oldest_s=0.0 if oldest_put_s is None else max(self._clock.now_s() - oldest_put_s, 0.0),
            p50_s=ages.quantile(0.5),
            p95_s=ages.quantile(0.95),
            p99_s=ages.quantile(0.99),
            dropped=dict(self._dropped),
        )


class Gauges:
    """All gauges of one session, by name, in the order in which they were first asked for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._stages: dict[str, StageGauge] = {}
        self._queues: dict[str, QueueGauge] = {}

    def stage(self, name: str) -> StageGauge:
        """The gauge of the stage of that name, made on first use."""
        return self._stages.setdefault(name, StageGauge(self.clock))

    def queue(self, name: str) -> QueueGauge:
        """The gauge of the queue of that name, made on first use."""
        return self._queues.setdefault(name, QueueGauge(self.clock))

    def stages(self) -> dict[str, StageReading]:
        """What every stage has done so far."""
        return {name: gauge.read() for name, gauge in list(self._stages.items())}

    def queues(self) -> dict[str, QueueReading]:
        """How every queue is."""
        return {name: gauge.read() for name, gauge in list(self._queues.items())}
