"""The metrics: read by the reference parser, true to the snapshot, and what was told to whom."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from live_sentiment.runtime.snapshot import LiveHealth, RecordingHealth, Snapshot, StreamHealth
from live_sentiment.serve.hub import Hub
from live_sentiment.serve.metrics import SessionCollector
from live_sentiment.sources.capture import DeviceHealth
from tests.helpers.live_clients import RUNNING, Served, served
from tests.helpers.story import point

CAMERA = DeviceHealth(
    "camera", "Anna's camera", "running", rate_hz=29.7, dropped={"frozen": 3}, gaps=2, gap_s=1.5
)
MICROPHONE = DeviceHealth("microphone", 'Room "4"\\', "lost", rate_hz=16000, level_dbfs=-31.5)
LIVE = LiveHealth(
    (CAMERA, MICROPHONE),
    lag_s=0.4,
    provisional_lag_s=(0.3, 0.6),
    final_lag_s=(1.5, 2.0),
    lowered=("faces analysed 3.12 times a second",),
    degradation_level=2,
    recording=RecordingHealth(Path("interview-7"), 2_000_000, 9_000_000_000),
    real_time_factor=0.42,
)
STREAMS = (StreamHealth("pictures", 3, 0.25, {"overrun": 7}), StreamHealth("sound", 0, 0.0))
BUSY = replace(RUNNING, live=LIVE, streams=STREAMS, position_s=12.5, elapsed_s=13.0, device="cpu")


def read(text: bytes) -> dict[tuple[str, ...], float]:
    """Samples by name and label values, these in the order of the labels' names."""
    return {
        (
            sample.name.removeprefix("live_sentiment_"),
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def figures(snapshot: Snapshot, hub: Hub | None = None) -> dict[tuple[str, ...], float]:
    return read(SessionCollector(lambda: snapshot, hub or Hub()).exposition())


def test_a_busy_session_in_figures() -> None:
    found = figures(BUSY)
    expected = {
        ("lag_seconds", "0.5", "provisional"): 0.3,
        ("lag_seconds", "0.95", "provisional"): 0.6,
        ("lag_seconds", "0.5", "final"): 1.5,
        ("lag_seconds", "0.95", "final"): 2.0,
        ("backlog_seconds",): 0.4,
        ("quality_steps",): 2.0,
        ("real_time_factor",): 0.42,
        ("camera_fps",): 29.7,
        ("microphone_level_dbfs",): -31.5,
        ("device_up", "camera"): 1.0,
        ("device_up", "microphone"): 0.0,
        ("device_dropped_total", "frozen", "camera"): 3.0,
        ("device_gaps_total", "camera"): 2.0,
        ("device_gap_seconds_total", "camera"): 1.5,
        ("queue_age_seconds", "pictures"): 0.25,
        ("queue_depth", "pictures"): 3.0,
        ("queue_dropped_total", "overrun", "pictures"): 7.0,
        ("analysed_seconds",): 12.5,
        ("elapsed_seconds",): 13.0,
        ("state", "running"): 1.0,
        ("state", "finished"): 0.0,
        ("recording_bytes",): 2e6,
        ("disk_free_bytes",): 9e9,
    }
    assert {key: found.get(key) for key in expected} == expected


def test_nothing_that_names_people_places_or_files_is_among_them() -> None:
    text = SessionCollector(lambda: BUSY, Hub()).exposition().decode()
    assert not any(private in text for private in ("Anna", "Room", "interview", "Cam and"))


def test_what_is_not_there_has_no_figure() -> None:
    found = figures(replace(RUNNING, live=None, real_time_factor=None))
    names = {name for name, *_ in found}
    assert names.isdisjoint({"lag_seconds", "camera_fps", "real_time_factor", "recording_bytes"})
    without_disk = replace(LIVE, devices=(), recording=RecordingHealth(Path("interview-7"), 5))
    found = figures(replace(BUSY, live=without_disk))
    assert found["recording_bytes",] == 5.0
    assert ("disk_free_bytes",) not in found
    assert ("microphone_level_dbfs",) not in found


def test_a_replay_tells_its_own_real_time_factor() -> None:
    assert figures(replace(RUNNING, live=None, real_time_factor=0.2))["real_time_factor",] == 0.2


def test_points_and_clients_are_counted(live: Served) -> None:
    live.hub.point(point(0.25, final=False))
    live.hub.point(point(0.5, final=False))
    live.hub.point(point(0.25))
    with live.events() as events:
        next(events)
        status, headers, body = live.get("/metrics")
    found = read(body)
    assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert found["points_total", "provisional"] == 2.0
    assert found["points_total", "final"] == 1.0
    assert found["clients",] == 1.0
    assert found["client_lost_messages_total",] == 0.0
    assert found["clients_sent_away_total",] == 0.0


def test_the_figures_are_of_the_moment_they_are_asked_for() -> None:
    positions = iter(range(1, 10))
    with served(snapshot=lambda: replace(RUNNING, position_s=float(next(positions)))) as live:
        assert [read(live.get("/metrics")[2])["analysed_seconds",] for _ in range(3)] == pytest.approx(
            [1, 2, 3]
        )
