"""What `live-sentiment bench streams` measures: several people in one process, over one set of models."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from live_sentiment.core.clock import MonotonicClock
from live_sentiment.core.config import Config
from live_sentiment.models.loading import Models
from live_sentiment.runtime.benchmark import MEMORY_HZ
from live_sentiment.runtime.file_session import Excerpt, FileSession
from live_sentiment.runtime.lags import LagGauge
from live_sentiment.runtime.stages import Stages
from live_sentiment.streams.worker import Worker


@dataclass(frozen=True, slots=True)
class StreamsMeasurement:
    """So many streams side by side, each at its own pace."""

    count: int
    media_s: float
    """Of all streams together."""
    cpu_s: float
    """Of the whole process, while they ran."""
    elapsed_s: float
    provisional_lag_s: tuple[float, float]
    """p50 and p95, over all streams, of the age of a provisional result when it was published; of the start
    of a file, of which all begin together, the opening is part."""
    final_lag_s: tuple[float, float]
    """Likewise of final ones."""
    resident_mb: float
    """The most resident memory of the process, in MB of 10^6 bytes."""


def measure_streams(
    path: Path, config: Config, models: Models, counts: Sequence[int], *, end_s: float | None = None
) -> Iterator[StreamsMeasurement]:
    """Analyse a clip as so many streams at once, at its own pace, for each of `counts` in turn.

    Args:
        path: the clip; every stream reads it for itself.
        config: what the models were loaded with.
        models: one copy for all.
        counts: how many streams; ascending, since memory that was used once is not all given back.
        end_s: end every stream there.

    Raises:
        UsageError: the clip cannot be read.
        RunError: a stream failed.
    """
    for count in counts:
        clock, excerpt = MonotonicClock(), Excerpt(end_s=end_s, speed=1.0)
        lags = LagGauge(clock)
        replays = [
            FileSession(
                path, config, Stages.of(models, config), None, excerpt=excerpt, sinks=[lags], clock=clock
            )
            for _ in range(count)
        ]
        cpu_s = _cpu_s()
        lags.zero_s = clock.now_s()
        with _peak_mb() as peak_mb:
            _together([replay.run for replay in replays])
        yield StreamsMeasurement(
            count=count,
            media_s=sum(replay.outcome().summary.duration_s for replay in replays),
            cpu_s=_cpu_s() - cpu_s,
            elapsed_s=clock.now_s() - lags.zero_s,
            provisional_lag_s=lags.provisional.p50_p95,
            final_lag_s=lags.final.p50_p95,
            resident_mb=peak_mb(),
        )


def _together(works: Sequence[Callable[[], object]]) -> None:
    """Run all at once, each on a thread of its own, and raise what the first one that failed raised."""
    workers = [Worker(f"stream {number}", work) for number, work in enumerate(works, start=1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for worker in workers:
        if worker.error is not None:
            raise worker.error


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system


@contextmanager
def _peak_mb() -> Iterator[Callable[[], float]]:
    """Gives the highest resident memory since it was entered; the system's own mark would be that of ever."""
    process, stopped = psutil.Process(), threading.Event()
    highest = [0.0]

    def read() -> None:
        highest[0] = max(highest[0], process.memory_info().rss / 1e6)

    def follow() -> None:
        while not stopped.wait(1 / MEMORY_HZ):
            read()

    worker = Worker("memory", follow)
    worker.start()
    try:
        yield lambda: highest[0]
    finally:
        read()
        stopped.set()
        worker.join()
