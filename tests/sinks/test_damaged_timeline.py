"""A damaged line costs that line and never the rest, and what is read has the types that are promised."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event
from live_sentiment.sinks import reader
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.sinks.order import out_of_order, overlapping
from live_sentiment.sinks.reader import RecordedTimeline, index_timeline, read_timeline
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import person, point, word

HEADER = {
    "source": {"name": "talk.mp4", "duration": 3.0, "start": None, "end": None},
    "models": {"speech": "whisper-tiny.en"},
    "settings": {"window": {"hop_s": 0.25, "length_s": 4.0}},
}
TIMES = [0.25 * tick for tick in range(1, 13)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three seconds: the header, twelve points with a word and a person each, and what follows them."""
    path = tmp_path / "timeline.jsonl"
    writer = TimelineWriter(path, HEADER)
    for time_s in TIMES:
        writer.point(point(time_s, words=(word(f"w{time_s}", time_s),), people=(person(),)))
    writer.segment(Episode(0.0, 1.0, "joy", 0.7, 0.5, -0.25))
    writer.segment(Episode(1.0, 3.0, "anger", 0.6, -0.5, 0.25))
    writer.segment(TurningPoint(1.5, "peak", 0.6, -0.1, ()))
    writer.event(Event(2.0, "gap", "no picture"))
    writer.close(complete=True)
    return path


def changed(path: Path, place: int, change: Callable[[dict[str, Any]], object]) -> RecordedTimeline:
    """The timeline with one line changed."""
    lines = path.read_text("utf-8").splitlines()
    fields = json.loads(lines[place])
    change(fields)
    lines[place] = json.dumps(fields)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return read_timeline(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.pop("time"),
        lambda p: p.update(time=None),
        lambda p: p.update(time="1.0"),
        lambda p: p.update(time=True),
        lambda p: p.update(time=float("nan")),
        lambda p: p.update(time=1e300),
        lambda p: p.update(time=-1.0),
        lambda p: p.update(emotion="gelassen"),
        lambda p: p.update(emotion=["joy"]),
        lambda p: p["emotions"].pop("fear"),
        lambda p: p["polarity"].update(negative=[]),
        lambda p: p.update(valence=1.5),
        lambda p: p["confidence"].update(valence_sd=float("inf")),
        lambda p: p.update(shares={"text": None}),
        lambda p: p["presence"].pop("voice"),
        lambda p: p["presence"].update(voice={"present": 1, "reason": None}),
        lambda p: p.update(words=7),
        lambda p: p.update(words=[{"text": "a", "start": 2.0, "end": 1.0, "probability": 0.5}]),
        lambda p: p.update(words=[{"text": "a", "start": 0.0, "end": 3e6, "probability": 0.5}]),
        lambda p: p.update(words=[{"text": "a" * 5000, "start": 1.0, "end": 1.2, "probability": 0.5}]),
        lambda p: p["people"][0].update(box=[1, 2, 3]),
        lambda p: p["people"][0].update(person=10**400),
        lambda p: p.update(type="pount"),
        lambda p: p.update(type=["point"]),
    ],
)
def test_one_point_with_one_odd_value_is_left_out_alone(path: Path, change: Callable[..., object]) -> None:
    timeline = changed(path, 5, change)
    assert [p["time"] for p in timeline.points] == [time_s for time_s in TIMES if time_s != 1.25]
    assert len(timeline.of("episode")) == 2
    assert timeline.end is not None
    (damage,) = timeline.damage
    assert "line 6: " in damage
    assert str(path) in damage


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\x00\xff\xfe\x1f",
        b'{"type":"event","time":1.0,"kind":"gap","message":"\\ud800"}',
        b'{"type":"event","time":' + b"1" * 5000 + b',"kind":"gap","message":""}',
        b'{"type":"event","time":1.0,"kind":"gap","message":"' + b"x" * 2**20 + b'"}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut", "null", "list", "binary", "surrogate", "digits", "long", "nested"],
)
def test_one_line_that_is_none_is_left_out_alone(path: Path, line: bytes) -> None:
    lines = path.read_bytes().splitlines()
    lines.insert(5, line)
    path.write_bytes(b"\n".join(lines) + b"\n")
    timeline = read_timeline(path)
    assert [p["time"] for p in timeline.points] == TIMES
    assert "line 6: " in timeline.damage[0]


@pytest.mark.parametrize("false_s", [0.0, 0.5, 1.25, 7.0, 3.9e6])
def test_a_time_that_contradicts_the_others_costs_one_point_and_its_words(path: Path, false_s: float) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[6] = json.dumps({**json.loads(lines[6]), "time": false_s, "words": []})
    path.write_text("\n".join(lines) + "\n", "utf-8")
    index = index_timeline(path)
    assert [p["time"] for p in index.points()] == [time_s for time_s in TIMES if time_s != 1.5]
    assert len(index.words) == 11
    assert index.last_s == 3.0
    assert "is out of order" in index.damage[0]


def test_an_episode_that_overlaps_the_others_is_left_out(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines.insert(13, json.dumps({**json.loads(lines[13]), "start": 0.5, "end": 2.0}))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    index = index_timeline(path)
    assert [(e["start"], e["end"]) for e in index.episodes] == [(0.0, 1.0), (1.0, 3.0)]


def test_without_its_header_the_rest_is_still_there(path: Path) -> None:
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    index = index_timeline(path)
    assert index.point_count == 12
    assert index.header == {"type": "header", "schema": "live-sentiment/timeline", "version": 1}
    assert "is no header" in index.damage[0]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda h: h.update(source=3), {"models", "settings"}),
        (lambda h: h["source"].update(start="now"), {"models", "settings"}),
        (lambda h: h.update(models={"speech": None}), {"source", "settings"}),
        (lambda h: h.update(settings=[]), {"source", "models"}),
        (lambda h: h["settings"].update(window={"hop_s": 0}), {"source", "models", "settings"}),
    ],
)
def test_a_part_of_the_header_that_cannot_be_used_costs_that_part(
    path: Path, change: Callable[..., object], left: set[str]
) -> None:
    timeline = changed(path, 0, change)
    assert timeline.header.keys() - {"type", "schema", "version"} == left
    assert len(timeline.points) == 12
    assert "line 1: " in timeline.damage[0]


def test_two_files_in_one_do_not_end_in_the_middle(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + whole.split(b"\n", 1)[1])
    index = index_timeline(path)
    assert index.point_count == 12
    assert index.end is not None


def test_fields_of_a_later_version_are_passed_over(path: Path) -> None:
    timeline = changed(path, 5, lambda fields: fields.update(evidence=0.5))
    assert len(timeline.points) == 12
    assert timeline.damage == ()


def test_more_than_can_be_held_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "KEPT_BYTES", 3000)
    with pytest.raises(UsageError, match="more words and events than"):
        read_timeline(path)


def test_a_file_of_nothing_but_damage_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_DAMAGED", 10)
    path.write_bytes(path.read_bytes() + b"{\n" * 11)
    with pytest.raises(UsageError, match="damaged in more than 10 lines"):
        read_timeline(path)


def test_it_is_no_schema_that_the_program_itself_does_not_keep(path: Path) -> None:
    assert read_timeline(path).damage == ()


@given(st.lists(st.integers(0, 30), max_size=12))
def test_what_is_left_rises_and_is_as_much_as_can_be(times: list[int]) -> None:
    left_out = set(out_of_order(times))
    rest = [time_s for place, time_s in enumerate(times) if place not in left_out]
    assert all(a < b for a, b in itertools.pairwise(rest))
    longest = [1] * len(times)
    for place, time_s in enumerate(times):
        longest[place] = 1 + max((longest[b] for b in range(place) if times[b] < time_s), default=0)
    assert len(rest) == max(longest, default=0)


def test_stretches_that_touch_do_not_overlap() -> None:
    assert overlapping([(0, 4), (4, 8), (5, 1000), (8, 12)]) == [2]
