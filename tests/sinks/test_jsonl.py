"""The timeline file: its lines, their schema, and what is left when things go wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import EMOTIONS, Event, Transcript
from live_sentiment.sinks import Sink
from live_sentiment.sinks.jsonl import SCHEMA, VERSION, TimelineWriter
from live_sentiment.sinks.reader import read_timeline
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import ABSENT, person, point, word

HEADER = {"source": {"name": "clip.mp4", "duration": 20.0}, "models": {"speech": "whisper-tiny.en"}}
EPISODE = Episode(0.0, 2.0, "joy", 0.71234567, 0.4, -0.2)
TURNING = TurningPoint(1.25, "peak", 0.61, -0.1, (word("wonderful", 1.2),))
EVENT = Event(0.4, "gap", "0.2 s of sound are missing")


def tell(sink: Sink, *, complete: bool = True) -> None:
    """A short story with every kind of line."""
    sink.words(Transcript((word("so", 0.2),), (word("wonder", 0.6),), 0.3))
    sink.point(point(0.25, "joy", valence=0.41234567, words=(word("so", 0.2, start_s=-0.0),)))
    sink.event(EVENT)
    sink.point(point(0.5, "joy", final=False))
    sink.point(point(0.5, "joy", people=(person(), person(2, speaking=False))))
    sink.point(point(0.75, "neutral", presence=ABSENT))
    sink.segment(TURNING)
    sink.segment(EPISODE)
    sink.close(complete=complete)


def written(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "timeline.jsonl"


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    text = resources.files("live_sentiment.sinks").joinpath("timeline.schema.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    return Draft202012Validator(json.loads(text))


def test_every_line_is_valid_and_of_a_known_type(path, schema):
    tell(TimelineWriter(path, HEADER))
    lines = written(path)
    for line in lines:
        schema.validate(line)
    assert [line["type"] for line in lines] == [
        "header", "point", "event", "point", "point", "turning_point", "episode", "end",
    ]  # fmt: skip


def test_the_schema_refuses_what_it_should(path, schema):
    tell(TimelineWriter(path, HEADER))
    for line in written(path):
        assert not schema.is_valid({**line, "type": "other"})
        if line["type"] != "header":
            assert not schema.is_valid({**line, "undocumented": 1})
        for field in set(line) - set(HEADER):
            assert not schema.is_valid({key: value for key, value in line.items() if key != field})


def test_every_field_is_explained_in_the_documentation(path):
    tell(TimelineWriter(path, {}))
    documented = (Path(__file__).parents[2] / "docs" / "timeline.md").read_text("utf-8")
    for line in written(path):
        assert f"## {line['type']}" in documented
        for field in line:
            assert f"`{field}`" in documented or f"`{field}." in documented, field


def test_the_header_names_schema_and_version(path):
    tell(TimelineWriter(path, HEADER))
    assert written(path)[0] == {"type": "header", "schema": SCHEMA, "version": VERSION, **HEADER}


def test_a_point_says_everything_rounded(path):
    tell(TimelineWriter(path, HEADER))
    first, both, absent = (line for line in written(path) if line["type"] == "point")
    assert first["time"] == 0.25
    assert first["emotion"] == "joy"
    assert first["emotions"]["joy"] == 0.7
    assert list(first["emotions"]) == list(EMOTIONS)
    assert first["polarity"] == {"negative": 0.2, "neutral": 0.2, "positive": 0.6}
    assert first["valence"] == 0.4123
    assert first["confidence"] == {
        "emotion": 0.7, "polarity": 0.6, "valence_sd": 0.35, "arousal_sd": 0.35,
    }  # fmt: skip
    assert first["shares"] == {"text": 0.25, "voice": 0.25, "vision": 0.5}
    assert first["effects"] == {"text": -0.1, "voice": 0.1, "vision": 0.2}
    assert first["words"] == [{"text": "so", "start": 0.0, "end": 0.2, "probability": 0.9}]
    assert [(p["person"], p["speaking"]) for p in both["people"]] == [(1, True), (2, False)]
    assert both["people"][0]["box"] == [10.0, 20.0, 100.0, 120.0]
    assert absent["presence"]["vision"] == {"present": False, "reason": "no face"}
    assert first["presence"]["vision"] == {"present": True, "reason": None}
    assert "-0.0" not in path.read_text()


def test_segments_events_and_the_count_at_the_end(path):
    tell(TimelineWriter(path, HEADER))
    lines = {line["type"]: line for line in written(path)}
    assert lines["episode"]["confidence"] == 0.7123
    assert (lines["episode"]["start"], lines["episode"]["end"]) == (0.0, 2.0)
    assert lines["turning_point"]["words"][0]["text"] == "wonderful"
    assert lines["turning_point"]["previous_valence"] == -0.1
    assert lines["event"]["kind"] == "gap"
    assert lines["end"] == {
        "type": "end", "time": 0.75, "complete": True,
        "points": 3, "episodes": 1, "turning_points": 1, "events": 1,
    }  # fmt: skip


def test_the_same_story_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        tell(TimelineWriter(tmp_path / name, HEADER))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_lines_are_in_the_file_before_the_writer_is_closed(path):
    writer = TimelineWriter(path, HEADER)
    writer.point(point(0.25))
    assert [line["type"] for line in written(path)] == ["header", "point"]
    writer.close(complete=False)
    assert written(path)[-1]["complete"] is False
    writer.point(point(0.5))
    writer.close(complete=True)
    assert len(written(path)) == 3


def test_a_result_that_is_no_number_is_never_written(path):
    writer = TimelineWriter(path, HEADER)
    with pytest.raises(ValueError, match="JSON"):
        writer.point(point(0.25, valence=float(np.nan)))
    writer.close(complete=False)
    assert [line["type"] for line in written(path)] == ["header", "end"]


def test_it_is_read_back(path):
    tell(TimelineWriter(path, HEADER), complete=False)
    timeline = read_timeline(path)
    assert timeline.header["source"] == HEADER["source"]
    assert [p["time"] for p in timeline.points] == [0.25, 0.5, 0.75]
    assert [len(timeline.of(kind)) for kind in ("event", "episode", "turning_point")] == [1, 1, 1]
    assert timeline.end is not None
    assert timeline.end["complete"] is False


def test_a_killed_writer_leaves_a_readable_file(path):
    """`kill -9` while lines are being written."""
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from tests.helpers.story import point\n"
        "from live_sentiment.sinks.jsonl import TimelineWriter\n"
        "writer = TimelineWriter(Path(sys.argv[2]), {})\n"
        "for tick in range(1, 1_000_000):\n"
        "    writer.point(point(tick * 0.25))\n"
        "    if tick == 50: print('going', flush=True)\n"
    )
    helpers = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", script, helpers, str(path)], stdout=subprocess.PIPE
    ) as writing:
        assert writing.stdout is not None
        writing.stdout.readline()
        writing.send_signal(signal.SIGKILL)
        writing.wait()
    timeline = read_timeline(path)
    assert timeline.end is None
    assert len(timeline.points) >= 50
    assert [p["time"] for p in timeline.points] == [0.25 * n for n in range(1, len(timeline.points) + 1)]


@pytest.mark.parametrize("cut", [1, 5, 60])
def test_a_half_written_last_line_is_passed_over(path, cut):
    tell(TimelineWriter(path, HEADER))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    timeline = read_timeline(path)
    assert len(timeline.points) == 3
    assert timeline.end is None


def test_a_newer_version_is_refused_with_advice(path):
    path.write_text(json.dumps({"type": "header", "schema": SCHEMA, "version": 2}) + "\n")
    with pytest.raises(UsageError, match=r"version 2, this program reads up to 1; update live-sentiment"):
        read_timeline(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a timeline"),
        (b"hello\nworld\n", "not a timeline"),
        (b"\xff\xfe\n", "not a timeline"),
        (b'{"type":"header"}\n', "not a timeline"),
        (b'{"type":"header","schema":"other","version":1}\n', "not a timeline"),
    ],
)
def test_other_files_are_refused(path, content, complaint):
    path.write_bytes(content)
    with pytest.raises(UsageError, match=complaint):
        read_timeline(path)


def test_a_missing_file_is_one_line(path):
    with pytest.raises(UsageError, match="No such file"):
        read_timeline(path)


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="choose another --output"):
        TimelineWriter(tmp_path / "missing" / "timeline.jsonl", HEADER)


class FullDisk:
    """Stands in for an unbuffered file on a disk that is full after some bytes."""

    def __init__(self, file, room: int, error: int = errno.ENOSPC) -> None:
        self._file, self._room, self._error = file, room, error

    @property
    def closed(self):
        return self._file.closed

    def write(self, data):
        if not self._room:
            raise OSError(self._error, os.strerror(self._error))
        count = self._file.write(data[: self._room])
        self._room -= count
        return count

    def truncate(self, size):
        return self._file.truncate(size)

    def close(self):
        self._file.close()


def test_a_full_disk_keeps_whole_lines_and_says_what_to_do(path):
    writer = TimelineWriter(path, HEADER)
    writer.point(point(0.25))
    kept = path.read_bytes()
    writer._file._file = FullDisk(writer._file._file, room=100)
    with pytest.raises(
        RunError, match=r"no space left for .*it keeps everything up to 0\.25 s; free some space"
    ):
        writer.point(point(0.5))
    assert path.read_bytes() == kept
    writer.point(point(0.75))
    writer.close(complete=False)
    assert path.read_bytes() == kept
    assert len(read_timeline(path).points) == 1


def test_a_disk_that_fails_otherwise_is_named(path):
    writer = TimelineWriter(path, HEADER)
    writer._file._file = FullDisk(writer._file._file, room=0, error=errno.EIO)
    with pytest.raises(RunError, match="Input/output error"):
        writer.point(point(0.25))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_the_system_s_own_full_device(path, monkeypatch):
    monkeypatch.setattr(
        "live_sentiment.sinks.file.create_file",
        lambda _: os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", 0),
    )
    with pytest.raises(RunError, match="no space left"):
        TimelineWriter(path, HEADER)
