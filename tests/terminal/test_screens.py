"""Whole screens against the ones stored in screens/; after a change on purpose: `UPDATE_SCREENS=1 pytest`."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from rich.console import Console
from story import ABSENT, PRESENT, point, word

from live_sentiment.snapshot import Snapshot, StreamHealth
from live_sentiment.terminal.dashboard import render
from live_sentiment.types import Event, Presence

SCREENS = Path(__file__).parent / "screens"
NO_PICTURE = {**PRESENT, "vision": Presence(False, "no video track")}
NO_FACE = {**PRESENT, "vision": ABSENT["vision"]}
LEADING = ("neutral", "joy", "joy", "surprise", "sadness", "neutral")


def snapshot(presence=PRESENT, *, state="running", until_s: float = 15.0) -> Snapshot:
    points = [
        point(
            tick / 4,
            LEADING[tick // 14],
            valence=max(0.6 - abs(tick - 24) / 24, -0.7),
            presence=presence,
            final=state == "finished" or tick / 4 <= until_s - 2,
        )
        for tick in range(1, int(until_s * 4) + 1)
    ]
    said = "This is the best news that we have had all year, and nobody saw it coming."
    return Snapshot(
        "clip.mp4",
        state,
        position_s=until_s,
        duration_s=20.0,
        elapsed_s=until_s / 4,
        real_time_factor=0.25,
        latest=points[-1],
        finals=tuple(p for p in points if p.final),
        provisionals=tuple(p for p in points if not p.final),
        words=tuple(word(text, n * 0.4) for n, text in enumerate(said.split())),
        partial_words=() if state == "finished" else (word("Who", 7.0), word("would", 7.2)),
        events=(Event(2.0, "gap", "0.4 s of sound are missing"),),
        streams=(StreamHealth("frames", 3, 0.1), StreamHealth("sound", 1, 0.5)),
        models={"speech": "whisper-tiny.en", "text": "all-minilm-l6-v2"},
        device="cpu",
        outputs=(Path("out/timeline.jsonl"), Path("out/transcript.vtt")),
    )


@pytest.mark.parametrize(
    ("name", "shown", "width", "height"),
    [
        ("starting", Snapshot("clip.mp4", "starting"), 80, 24),
        ("running", snapshot(), 80, 24),
        ("no-face", snapshot(NO_FACE), 80, 24),
        ("sound-only", snapshot(NO_PICTURE), 80, 24),
        ("finished-wide", snapshot(state="finished", until_s=20.0), 140, 36),
        ("narrow", snapshot(), 60, 12),
    ],
)
def test_the_screen_is_as_stored(name, shown, width, height):
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(render(shown, width, height))
    stored = SCREENS / f"{name}.txt"
    text = console.export_text()
    if os.environ.get("UPDATE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        stored.write_text(text, "utf-8")
    assert text == stored.read_text("utf-8")
