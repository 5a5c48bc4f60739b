"""Names, notes, words and errors may hold anything: none of it reaches the terminal as it is."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from live_sentiment.core.types import Event, Presence
from live_sentiment.runtime.snapshot import LiveHealth, RecordingHealth, Snapshot, StreamHealth
from live_sentiment.sinks.summary import Summarizer
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.terminal.layout import lay_out
from live_sentiment.terminal.lines import ProgressLines
from live_sentiment.terminal.summary import summary
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import ABSENT, point, word

HOSTILE = "a\x1b[2J\x1b]0;t\x07\rb\x9b31m\u202ec\n"
"""Clears the screen, sets the title, goes back, colours, turns round and begins a line."""
KEPT = {"state", "device", "kind"}
"""Fields that only the program itself sets, as it names its streams."""


def spoilt(value: Any, name: str = "") -> Any:
    """The same with hostile text in every place that takes text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | StreamHealth):
        fields = [field.name for field in dataclasses.fields(value) if field.init]
        return dataclasses.replace(value, **{name: spoilt(getattr(value, name), name) for name in fields})
    if isinstance(value, str) and name not in KEPT:
        return f"{value}{HOSTILE}"
    if isinstance(value, Path):
        return value / HOSTILE
    if isinstance(value, tuple):
        return tuple(spoilt(item, name) for item in value)
    if isinstance(value, Mapping):
        return {key: spoilt(item, name) for key, item in value.items()}
    return value


def snapshot() -> Snapshot:
    return Snapshot(
        "cam + mic",
        "running",
        position_s=1.5,
        streams=(StreamHealth("pictures", 2, 0.5, {"overrun": 3}),),
        live=LiveHealth(
            devices=(
                DeviceHealth("camera", "cam", "running", dropped={"queue": 1}),
                DeviceHealth("microphone", "mic", "lost"),
            ),
            lowered=("fewer faces",),
            recording=RecordingHealth(Path("out"), 100, 5, "disk full"),
        ),
        device="cpu",
        finals=(point(1.0, words=(word("so", 0.8),), presence=ABSENT),),
        latest=point(1.0, presence={**ABSENT, "voice": Presence(False, "no speech")}),
        words=(word("so", 0.8),),
        partial_words=(word("what", 1.2),),
        events=(Event(0.5, "marker", "note"), Event(0.6, "lost", "camera lost")),
        models={"speech": "whisper"},
        outputs=(Path("out/timeline.jsonl"),),
    )


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 12), (40, 6)])
@pytest.mark.parametrize("failure", [None, "no such camera"])
def test_the_dashboard_shows_no_control_code(size: tuple[int, int], failure: str | None) -> None:
    shown = spoilt(dataclasses.replace(snapshot(), failure=failure))
    for line in lay_out(shown, *size, None, picture=False, colour=True):
        assert line.plain.isprintable(), ascii(line.plain)


def test_plain_lines_hold_no_control_code() -> None:
    for state in ("running", "failed", "finished"):
        for line in ProgressLines().news(spoilt(dataclasses.replace(snapshot(), state=state))):
            assert line.isprintable(), ascii(line)


def test_the_summary_holds_no_control_code() -> None:
    summarizer = Summarizer()
    summarizer.point(spoilt(point(1.0, words=(word("so", 0.8),), presence=ABSENT)))
    summarizer.segment(spoilt(TurningPoint(0.5, "peak", 0.6, -0.1, (word("so", 0.8),))))
    summarizer.close(complete=True)
    console = Console(width=120, file=io.StringIO(), highlight=False, soft_wrap=True)
    console.print(summary(summarizer.summary(), f"clip{HOSTILE}", [Path(f"out{HOSTILE}")]))
    assert isinstance(console.file, io.StringIO)
    for line in console.file.getvalue().splitlines():
        assert line.isprintable(), ascii(line)
