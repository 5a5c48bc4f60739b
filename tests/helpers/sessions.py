"""Sessions for tests of exports, written as the program writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from live_sentiment.core.types import Event, TimelinePoint
from live_sentiment.export.recorded import RecordedSession, open_recorded
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import ABSENT, HOP_S, PRESENT, person, point, word

HEADER = {
    "source": {
        "name": "talk.mp4",
        "duration": 6.1,
        "video": "h264",
        "audio": "aac",
        "start": None,
        "end": None,
    },
    "models": {"speech": "whisper-tiny.en", "vision": 'face <1> & "two"'},
    "settings": {"window": {"hop_s": HOP_S}},
}
SPOKEN = (
    word("Good", 0.4, start_s=0.1),
    word("morning.", 0.912, start_s=0.387),  # begins before "Good" ends, as recognisers have it
    word("Über", 3.2, start_s=3.0, probability=0.4321),
    word('"so"', 3.5, start_s=3.2),
    word("<b>&", 3.9, start_s=3.5),
)
EPISODES = (Episode(0.0, 2.0, "joy", 0.71234, 0.5, -0.25), Episode(3.0, 6.0, "anger", 0.6, -0.5, 0.25))
TURNING = TurningPoint(1.5, "peak", 0.62345, -0.1, SPOKEN[:2])
EVENTS = (
    Event(0.5, "gap", "no picture for 0.3 s"),
    Event(0.5, "marker", 'a, "note"'),
    Event(5.0, "gap", "again"),
)


def points(count: int = 24) -> Iterable[TimelinePoint]:
    """A story of six seconds: joy, nobody, anger; then a second face."""
    for index in range(1, count + 1):
        time_s = index * HOP_S
        said = tuple(w for w in SPOKEN if time_s - HOP_S < w.end_s <= time_s)
        nobody = 2.0 < time_s <= 3.0
        yield point(
            time_s,
            "joy" if time_s <= 2.5 else "anger",
            valence=round(0.9 - time_s / 4, 5),
            words=said,
            presence=ABSENT if nobody else {**PRESENT, "text": ABSENT["text"]} if time_s > 5 else PRESENT,
            people=() if nobody else (person(), person(2, speaking=False)) if time_s > 5 else (person(),),
        )


def write_session(folder: Path, *, closed: bool = True) -> Path:
    """A folder as a replay leaves it; not closed: as `kill -9` leaves it, in the middle of a line."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "timeline.jsonl"
    writer = TimelineWriter(path, HEADER)
    for one in points():
        writer.point(one)
    for episode in EPISODES:
        writer.segment(episode)
    writer.segment(TURNING)
    for event in EVENTS:
        writer.event(event)
    if closed:
        writer.close(complete=True)
    else:
        writer._file.close()
        with path.open("ab") as file:
            file.write(b'{"type":"point","ti')
    return folder


def session_in(folder: Path) -> RecordedSession:
    return open_recorded(write_session(folder))


def lines_of(session: RecordedSession, kind: str) -> list[dict]:
    """What the file says, read without the reader under test."""
    lines = [json.loads(line) for line in session.timeline.read_text("utf-8").splitlines()]
    return [line for line in lines if line["type"] == kind]


def silent(done: float) -> None:
    """Hears of progress, which never goes back."""
    assert 0.0 <= done <= 1.0
