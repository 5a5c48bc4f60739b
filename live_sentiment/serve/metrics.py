"""Figures of a live session for Prometheus, read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from live_sentiment import __version__
from live_sentiment.runtime.snapshot import LiveHealth, Snapshot, State
from live_sentiment.serve.hub import Hub
from live_sentiment.sources.capture import DeviceHealth

Labels = TypeVar("Labels", bound=tuple[str, ...])

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text exposition format."""


class SessionCollector(Collector):
    """Turns a snapshot of the session into metrics; the names and units are listed in docs/live-api.md.

    Args:
        snapshot: the session at this moment.
        hub: counts what was told to whom.
    """

    def __init__(self, snapshot: Callable[[], Snapshot], hub: Hub) -> None:
        self._snapshot, self._hub = snapshot, hub

    def exposition(self) -> bytes:
        """All of it, in the text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return generate_latest(registry)

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        snapshot = self._snapshot()
        yield from _session(snapshot)
        yield from _queues(snapshot)
        if snapshot.live is not None:
            yield from _live(snapshot.live)
        yield from self._told()

    def _told(self) -> Iterator[Metric]:
        points = {(result,): float(self._hub.points[result]) for result in ("provisional", "final")}
        yield _counter("points", "Points published.", points, "result")
        yield _gauge("clients", "Clients of the live results.", float(self._hub.clients))
        yield _counter(
            "client_lost_messages",
            "Passing messages that slow clients did not get.",
            float(self._hub.lost),
        )
        yield _counter("clients_sent_away", "Clients that were too far behind.", float(self._hub.sent_away))


def _session(snapshot: Snapshot) -> Iterator[Metric]:
    yield _gauge(
        "info", "Version and compute device.", {(__version__, snapshot.device): 1.0}, "version", "device"
    )
    states = {(state,): float(state == snapshot.state) for state in get_args(State)}
    yield _gauge("state", "1 for the state that the session is in.", states, "state")
    yield _gauge("analysed_seconds", "Session time that has been analysed.", snapshot.position_s)
    yield _gauge("elapsed_seconds", "Time since the session began.", snapshot.elapsed_s)
    factor = snapshot.real_time_factor if snapshot.live is None else snapshot.live.real_time_factor
    if factor is not None:
        yield _gauge(
            "real_time_factor",
            "Work per second of media; of a live session, that of its busiest thread.",
            factor,
        )


def _queues(snapshot: Snapshot) -> Iterator[Metric]:
    streams = snapshot.streams
    yield _gauge(
        "queue_age_seconds",
        "How long the oldest item of a queue has waited.",
        {(stream.name,): stream.age_s for stream in streams},
        "queue",
    )
    yield _gauge(
        "queue_depth", "Items that wait in a queue.", {(s.name,): float(s.depth) for s in streams}, "queue"
    )
    dropped = {
        (stream.name, cause): float(count) for stream in streams for cause, count in stream.dropped.items()
    }
    yield _counter("queue_dropped", "Items lost from a queue.", dropped, "queue", "cause")


def _live(live: LiveHealth) -> Iterator[Metric]:
    lags = {
        (result, quantile): lag_s
        for result, pair in (("provisional", live.provisional_lag_s), ("final", live.final_lag_s))
        for quantile, lag_s in zip(("0.5", "0.95"), pair, strict=True)
    }
    yield _gauge("lag_seconds", "Age of results when they were published.", lags, "result", "quantile")
    yield _gauge("backlog_seconds", "How far the analysis is behind what is captured.", live.lag_s)
    yield _gauge("quality_steps", "Steps of quality given up to keep up.", float(live.degradation_level))
    yield from _devices(live.devices)
    if live.recording is not None:
        yield _gauge("recording_bytes", "Size of the recording.", float(live.recording.bytes_written))
        if live.recording.free_bytes is not None:
            yield _gauge("disk_free_bytes", "Left on its disk.", float(live.recording.free_bytes))


def _devices(devices: tuple[DeviceHealth, ...]) -> Iterator[Metric]:
    yield _gauge(
        "device_up",
        "1 while a device gives.",
        {(d.device,): float(d.state == "running") for d in devices},
        "device",
    )
    rates = {d.device: d.rate_hz for d in devices}
    if "camera" in rates:
        yield _gauge("camera_fps", "Pictures per second, as measured.", rates["camera"])
    level_dbfs = next((d.level_dbfs for d in devices if d.level_dbfs is not None), None)
    if level_dbfs is not None:
        yield _gauge("microphone_level_dbfs", "Loudness of the last stretch of sound.", level_dbfs)
    lost = {(d.device, cause): float(count) for d in devices for cause, count in d.dropped.items()}
    yield _counter("device_dropped", "Pictures or samples that a device lost.", lost, "device", "cause")
    yield _counter(
        "device_gaps",
        "Times without picture or sound.",
        {(d.device,): float(d.gaps) for d in devices},
        "device",
    )
    yield _counter(
        "device_gap_seconds", "Their length in sum.", {(d.device,): d.gap_s for d in devices}, "device"
    )


def _gauge(name: str, says: str, values: Mapping[Labels, float] | float, *labels: str) -> Metric:
    return _filled(GaugeMetricFamily(f"live_sentiment_{name}", says, labels=labels), values)


def _counter(name: str, says: str, values: Mapping[Labels, float] | float, *labels: str) -> Metric:
    return _filled(CounterMetricFamily(f"live_sentiment_{name}", says, labels=labels), values)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[Labels, float] | float
) -> Metric:
    """With one value, or with one for each tuple of label values."""
    for of, value in values.items() if isinstance(values, Mapping) else [((), values)]:
        family.add_metric(of, value)
    return family
