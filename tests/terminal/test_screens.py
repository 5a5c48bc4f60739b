"""Whole screens against the ones stored in screens/; after a change on purpose: `UPDATE_SCREENS=1 pytest`."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from live_sentiment.core.types import Event, Presence
from live_sentiment.runtime.snapshot import LiveHealth, Picture, RecordingHealth, Snapshot, StreamHealth
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.terminal.controls import LiveControls
from live_sentiment.terminal.dashboard import render
from live_sentiment.terminal.theme import EMOTION_COLOURS
from live_sentiment.terminal.view import View
from tests.helpers.story import ABSENT, PRESENT, point, word

SCREENS = Path(__file__).parent / "screens"
NO_PICTURE = {**PRESENT, "vision": Presence(False, "no video track")}
NO_FACE = {**PRESENT, "vision": ABSENT["vision"]}
SILENT = {**PRESENT, "voice": ABSENT["voice"], "text": ABSENT["text"]}
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


CAMERA = DeviceHealth("camera", "Integrated Camera", "running", rate_hz=29.8, width_px=640, height_px=480)
MICROPHONE = DeviceHealth(
    "microphone",
    "USB Audio",
    "running",
    rate_hz=48000,
    channels=2,
    level_dbfs=-23.4,
    drift_ppm=12.3,
)
RECORDING = RecordingHealth(Path("recordings/2026-11-21_14-03-07"), 12_345_678, 48_200_000_000)
LIVE = LiveHealth((CAMERA, MICROPHONE), 0.4, (0.5, 0.9), (1.9, 2.6), recording=RECORDING)


def live(health: LiveHealth = LIVE, *, presence=PRESENT, **changes: object) -> Snapshot:
    running = replace(
        snapshot(presence),
        source="Integrated Camera and USB Audio",
        duration_s=None,
        elapsed_s=16.2,
        real_time_factor=None,
        live=health,
        outputs=(RECORDING.folder / "timeline.jsonl",),
    )
    return replace(running, **changes)


LOST = live(
    replace(
        LIVE,
        devices=(replace(CAMERA, state="lost", rate_hz=0.0), replace(MICROPHONE, gaps=2, gap_s=0.42)),
    ),
    presence={**PRESENT, "vision": Presence(False, "camera lost")},
    events=(Event(12.0, "camera-lost", "camera lost: vision absent from here on"),),
)
OVERLOADED = live(
    replace(
        LIVE,
        devices=(replace(CAMERA, dropped={"overrun": 41, "out of order": 1}), MICROPHONE),
        lag_s=3.4,
        provisional_lag_s=(2.2, 3.9),
        final_lag_s=(3.1, 4.8),
        lowered=("faces looked at 6.25 times a second", "words every 2 s"),
    ),
    streams=(StreamHealth("frames", 2, 0.2, {"overrun": 41}), StreamHealth("sound", 9, 3.1)),
)
PAUSED = live(
    replace(LIVE, paused=True, switched_off=("voice",), markers=2),
    presence={**PRESENT, "voice": Presence(False, "switched off")},
)
STOPPED = live(
    replace(LIVE, recording=replace(RECORDING, free_bytes=0, stopped="the disk is full")),
    events=(Event(14.0, "recording-stopped", "recording stopped: the disk is full"),),
)
MARKED = replace(
    snapshot(),
    events=(
        Event(2.0, "gap", "0.4 s are missing"),
        Event(7.5, "marker", "he smiles"),
        Event(7.6, "gap", "x"),
    ),
)
KEYS = LiveControls(None, View()).foot  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "shown", "width", "height"),
    [
        ("live", live(), 80, 24),
        ("live-wide", live(duration_s=600.0), 120, 40),
        ("live-lost", LOST, 80, 24),
        ("live-overloaded", OVERLOADED, 80, 24),
        ("live-overloaded-wide", OVERLOADED, 140, 36),
        ("live-paused", PAUSED, 80, 24),
        ("live-recording-stopped", STOPPED, 80, 24),
        ("live-narrow", LOST, 60, 12),
        ("live-finishing", live(state="finishing"), 80, 24),
    ],
)
def test_a_live_screen_is_as_stored_and_fits(name, shown, width, height):
    text = drawn(shown, width, height, KEYS)
    assert_as_stored(name, text)
    lines = text.splitlines()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def seen(shown: Snapshot) -> Snapshot:
    """With a picture: a bright face on dark ground, in its box."""
    image = np.full((480, 640, 3), 40, np.uint8)
    image[100:380, 220:420] = (120, 160, 220)
    return replace(shown, picture=Picture(image, 15.0, ((220.0, 100.0, 200.0, 280.0),)))


@pytest.mark.parametrize(
    ("name", "shown", "width", "height"),
    [
        ("picture", seen(live()), 80, 24),
        ("picture-tall", seen(live()), 90, 50),
        ("picture-wide", seen(live()), 130, 30),
        ("picture-lost", seen(LOST), 80, 24),
        ("picture-replay", seen(snapshot()), 100, 30),
    ],
)
def test_a_screen_with_a_picture_is_as_stored_and_fits(name, shown, width, height):
    """In shades, as without colours: so a person can read it in a file, too."""
    text = drawn(shown, width, height, KEYS, picture=True, colour=False)
    assert_as_stored(name, text)
    lines = text.splitlines()
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)


def test_the_exported_picture_has_the_cameras_colours():
    console = Console(record=True, width=130, height=30, file=io.StringIO(), force_terminal=True)
    console.print(render(seen(live()), 130, 30, KEYS, picture=True))
    svg = console.export_svg(title="live-sentiment")
    face, ground = "#d8a878", "#282828"
    assert face in svg
    assert ground in svg
    assert EMOTION_COLOURS["sadness"] in svg, "the box"
    plain = Console(record=True, width=130, height=30, file=io.StringIO(), force_terminal=True)
    plain.print(render(seen(live()), 130, 30, KEYS))
    assert face not in plain.export_svg(title="live-sentiment")


@pytest.mark.parametrize(
    ("name", "shown", "width", "height"),
    [
        ("starting", Snapshot("clip.mp4", "starting"), 80, 24),
        ("running", snapshot(), 80, 24),
        ("no-face", snapshot(NO_FACE), 80, 24),
        ("sound-only", snapshot(NO_PICTURE), 80, 24),
        ("silent", snapshot(SILENT), 80, 24),
        ("nobody", snapshot(ABSENT), 80, 24),
        ("marks", MARKED, 80, 24),
        (
            "failed",
            replace(snapshot(), state="failed", failure="no space left for out/timeline.jsonl"),
            80,
            24,
        ),
        ("huge", snapshot(), 200, 60),
        ("finished", snapshot(state="finished", until_s=20.0), 80, 24),
        ("finished-wide", snapshot(state="finished", until_s=20.0), 140, 36),
        ("narrow", snapshot(), 60, 12),
    ],
)
def test_the_screen_is_as_stored(name, shown, width, height):
    assert_as_stored(name, drawn(shown, width, height))


def drawn(shown: Snapshot, width: int, height: int, foot=None, **options: bool) -> str:
    console = Console(record=True, width=width, height=height, file=io.StringIO(), force_terminal=True)
    console.print(render(shown, width, height, foot, **options))
    return console.export_text()


def assert_as_stored(name: str, text: str) -> None:
    stored = SCREENS / f"{name}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        SCREENS.mkdir(exist_ok=True)
        stored.write_text(text, "utf-8")
    assert text == stored.read_text("utf-8")
