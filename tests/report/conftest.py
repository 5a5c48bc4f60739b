"""Sessions to report on: made line by line, so that what a page shows can be told beforehand."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.core.types import EMOTIONS

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "recordings" / "demo.mp4"
HOP_S = 0.25
HOSTILE = '</script><img src=x onerror="document.title=1">&amp;'
"""What a page must show as it is and never obey."""

MakeSession = Callable[..., Path]


def header(**source: Any) -> dict[str, Any]:
    about = {
        "name": "demo.mp4",
        "duration": 14.48,
        "video": "h264",
        "audio": "aac",
        "start": None,
        "end": None,
    }
    return {
        "type": "header",
        "schema": "live-sentiment/timeline",
        "version": 1,
        "source": {**about, **source},
        "models": {
            "speech": "whisper-tiny.en",
            "text": "all-minilm-l6-v2 + text-emotion 14ff6bd2b3c2",
            "vision": "face-expression 9a72de21b39f",
            "voice": "whisper-tiny.en, layer 2, voice-emotion b211d105f31a",
        },
        "settings": {
            "window": {"length_s": 4.0, "hop_s": HOP_S},
            "fusion": {"weights": "fusion-pairs"},
        },
    }


def word(text: str, start_s: float, end_s: float, probability: float = 0.9) -> dict[str, Any]:
    return {"text": text, "start": start_s, "end": end_s, "probability": probability}


def point(
    time_s: float, *, words: tuple[dict[str, Any], ...] = (), absent: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Joy that comes and goes over half a minute; valence goes with it."""
    joy = round(0.5 + 0.4 * math.sin(time_s / 5), 4)
    present = [modality for modality in ("text", "voice", "vision") if modality not in absent]
    rest = round((1 - joy) / 6, 4)
    emotions = {emotion: joy if emotion == "joy" else rest for emotion in EMOTIONS}
    return {
        "type": "point",
        "time": time_s,
        "emotion": "joy" if joy > 0.3 else "neutral",
        "emotions": emotions,
        "polarity": {"negative": 0.1, "neutral": round(0.9 - joy, 4), "positive": joy},
        "valence": round(joy - 0.4, 4),
        "arousal": round(0.3 * joy, 4),
        "confidence": {"emotion": joy, "polarity": joy, "valence_sd": 0.2, "arousal_sd": 0.1},
        "shares": {modality: round(1 / len(present), 4) for modality in present},
        "effects": dict.fromkeys(present, 0.1234),
        "presence": {
            modality: {"present": modality in present, "reason": None if modality in present else "no face"}
            for modality in ("text", "voice", "vision")
        },
        "words": list(words),
        "people": [],
    }


def points(duration_s: float, *, said: str = "word", every: int = 2) -> Iterator[dict[str, Any]]:
    """A word each `every` ticks; the face is away between 3 and 5 s."""
    for tick in range(1, round(duration_s / HOP_S) + 1):
        time_s = tick * HOP_S
        speaking = tick % every == 0
        words = (word(f"{said}{tick}", round(time_s - 0.3, 3), round(time_s - 0.05, 3)),) if speaking else ()
        yield point(time_s, words=words, absent=("vision",) if 3.0 < time_s <= 5.0 else ())


def turn(time_s: float, kind: str, valence: float, *words: dict[str, Any]) -> dict[str, Any]:
    previous = {"valence": valence, "previous_valence": -valence}
    return {"type": "turning_point", "time": time_s, "kind": kind, **previous, "words": list(words)}


def episode(start_s: float, end_s: float, emotion: str) -> dict[str, Any]:
    means = {"confidence": 0.8, "valence": 0.25, "arousal": 0.1}
    return {"type": "episode", "start": start_s, "end": end_s, "emotion": emotion, **means}


def event(time_s: float, kind: str, message: str) -> dict[str, Any]:
    return {"type": "event", "time": time_s, "kind": kind, "message": message}


def end(time_s: float) -> dict[str, Any]:
    counts = {"points": 0, "episodes": 0, "turning_points": 0, "events": 0}
    return {"type": "end", "time": time_s, "complete": True, **counts}


def session_lines(duration_s: float) -> list[dict[str, Any]]:
    half = duration_s / 2
    return [
        header(),
        *points(duration_s),
        episode(0.0, half, "joy"),
        episode(half, duration_s - 1.0, "neutral"),
        turn(4.0, "peak", 0.5, word("wonderful", 3.6, 4.1)),
        event(6.0, "camera-lost", "camera lost: vision is absent from here on"),
        event(7.0, "marker", HOSTILE),
        end(duration_s),
    ]


@pytest.fixture
def make_session(tmp_path: Path) -> MakeSession:
    """Writes lines, by default those of a session of 14.5 s, as a folder; with the demo clip beside them."""

    def make(lines: list[dict[str, Any]] | None = None, *, name: str = "session", clip: bool = True) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        written = "".join(
            json.dumps(line, ensure_ascii=False) + "\n" for line in lines or session_lines(14.5)
        )
        (folder / "timeline.jsonl").write_text(written, encoding="utf-8")
        if clip:
            shutil.copy(DEMO, folder / "demo.mp4")
        return folder

    return make


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def lines() -> list[dict[str, Any]]:
    """The default session's lines, to look values up in or to change."""
    return session_lines(14.5)


@pytest.fixture(scope="session")
def two_hours() -> list[dict[str, Any]]:
    return session_lines(7200.0)


@pytest.fixture
def make_header() -> Callable[..., dict[str, Any]]:
    return header


@pytest.fixture
def make_point() -> Callable[..., dict[str, Any]]:
    return point


@pytest.fixture
def make_word() -> Callable[..., dict[str, Any]]:
    return word


@pytest.fixture
def make_episode() -> Callable[..., dict[str, Any]]:
    return episode
