"""docs/live-api.md is true: its example runs, its names and numbers are the program's."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from live_sentiment.core.config import ServeConfig
from live_sentiment.runtime.snapshot import HISTORY_S, LiveHealth, RecordingHealth
from live_sentiment.serve import connections, history, outbox, routes, server
from live_sentiment.serve.hub import Hub
from live_sentiment.serve.metrics import SessionCollector
from live_sentiment.sources.capture import DeviceHealth
from tests.helpers.live_clients import RUNNING, Served
from tests.helpers.story import point

DOCS = (Path(__file__).parents[2] / "docs/live-api.md").read_text(encoding="utf-8")


def test_the_example_of_a_client_runs(live: Served) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", DOCS, flags=re.DOTALL)
    live.hub.point(point(0.25, final=False))
    live.hub.point(point(0.25, "joy", valence=0.5))
    live.hub.close(complete=True)
    ran = subprocess.run(
        [sys.executable, "-c", example.replace("127.0.0.1:8765", live.host)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("0.25 joy 0.5\n", "")


def test_every_metric_is_explained_and_none_besides() -> None:
    devices = (
        DeviceHealth("camera", "", "running"),
        DeviceHealth("microphone", "", "running", level_dbfs=-20.0),
    )
    live = LiveHealth(devices, recording=RecordingHealth(Path(), 1, 1), real_time_factor=0.5)
    exposition = SessionCollector(lambda: replace(RUNNING, live=live), Hub()).exposition().decode()
    told = {
        family.name.removeprefix("live_sentiment_") + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(exposition)
    }
    rows = re.findall(r"^\| (`.*?) \|", DOCS.partition("## Metrics")[2], flags=re.MULTILINE)
    assert told == {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_numbers_are_those_of_the_program() -> None:
    text = " ".join(DOCS.split())
    for said in (
        f"{outbox.PASSING} provisional messages may wait",
        f"where {outbox.LASTING} of them wait",
        f"the lasting messages of the last {HISTORY_S:.0f} s ({history.KEPT} at most)",
        f"takes nothing for {routes.STALLED_S:.0f} s",
        f"Up to {ServeConfig().connections} connections",
        f"less than {connections.RESERVE} of them",
        f"{routes.ASKING} of which are left",
        f"come within {connections.REQUEST_S:.0f} s",
        f"Nothing is said for {routes.BEAT_S:.0f} s",
        f"the clients are given {server.FLUSH_S:.0f} s",
    ):
        assert said in text
