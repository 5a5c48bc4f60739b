"""Recorded sessions: what the files say, also where they are half written, newer or in use."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.export.recorded import open_recorded
from live_sentiment.recording.session_file import SessionFile, SessionRecord
from tests.helpers.sessions import lines_of, write_session

STARTED = datetime(2026, 11, 21, 14, 3, 7, tzinfo=UTC)


def test_it_holds_what_the_timeline_says(session):
    assert session.name == "talk.mp4"
    assert session.hop_s == 0.25
    assert (session.start_s, session.end_s, session.point_count) == (0.0, 6.0, 24)
    assert list(session.episodes) == lines_of(session, "episode")
    assert list(session.turning_points) == lines_of(session, "turning_point")
    assert list(session.events) == lines_of(session, "event")
    assert [w["text"] for w in session.words] == ["Good", "morning.", "Über", '"so"', "<b>&"]
    assert session.complete
    assert session.notes == ()
    assert session.record is None


def test_points_can_be_read_as_often_as_wanted(session):
    assert list(session.points()) == list(session.points()) == lines_of(session, "point")


def test_a_timeline_file_stands_for_its_folder(session):
    assert open_recorded(session.timeline) == session


def test_the_emotion_of_a_moment_is_that_of_its_episode(session):
    asked = (0.0, 0.1, 2.0, 2.5, 3.0, 3.1, 6.0, 6.1)
    assert [session.emotion_at(time_s) for time_s in asked] == [
        *(None, "joy", "joy", None),
        *(None, "anger", "anger", None),
    ]


def test_a_killed_session_is_read_to_its_last_whole_line(tmp_path):
    session = open_recorded(write_session(tmp_path / "killed", closed=False))
    assert len(list(session.points())) == session.point_count == 24
    assert not session.complete
    (note,) = session.notes
    assert "was not closed" in note
    assert f"live-sentiment repair {tmp_path / 'killed'}" in note


def test_a_session_without_points_says_so(tmp_path):
    folder = write_session(tmp_path)
    header = (folder / "timeline.jsonl").read_text().split("\n", 1)[0]
    (folder / "timeline.jsonl").write_text(header + "\n")
    session = open_recorded(folder)
    assert session.point_count == 0
    assert any("holds no points" in note for note in session.notes)


def test_an_excerpt_begins_where_it_does(tmp_path):
    folder = write_session(tmp_path)
    text = (folder / "timeline.jsonl").read_text()
    (folder / "timeline.jsonl").write_text(text.replace('"start":null', '"start":90.5', 1))
    assert open_recorded(folder).start_s == 90.5


@pytest.mark.parametrize("place", ["talk.mp4", "talk/talk.mp4"])
def test_media_that_lie_with_the_results_are_found(tmp_path, place):
    (tmp_path / "talk").mkdir()
    (tmp_path / place).write_bytes(b"film")
    assert open_recorded(write_session(tmp_path / "talk")).media == tmp_path / place


def test_another_file_of_that_name_is_not_taken_for_the_one_that_was_analysed(tmp_path):
    folder = write_session(tmp_path / "talk")
    (folder / "talk.mp4").write_bytes(b"film")
    timeline = folder / "timeline.jsonl"
    text = timeline.read_text("utf-8")
    for data, media in ((b"film", folder / "talk.mp4"), (b"another film", None)):
        stated = f'"hash":"sha256:{hashlib.sha256(data).hexdigest()}","duration"'
        timeline.write_text(text.replace('"duration"', stated, 1), "utf-8")
        session = open_recorded(folder)
        assert session.media == media
        assert any("is not the file that was analysed" in note for note in session.notes) == (media is None)


def test_the_media_of_a_live_session_are_its_recording(tmp_path):
    folder = write_session(tmp_path)
    (folder / "talk.mp4").write_bytes(b"another film")
    SessionFile(folder).write(SessionRecord(started=STARTED, state="complete"))
    assert open_recorded(folder).media is None
    (folder / "media.mkv").write_bytes(b"film")
    session = open_recorded(folder)
    assert session.media == folder / "media.mkv"
    assert session.record.started == STARTED


def test_media_can_be_named(tmp_path):
    film = tmp_path / "elsewhere.mov"
    film.write_bytes(b"film")
    folder = write_session(tmp_path / "talk")
    assert open_recorded(folder, film).media == film
    with pytest.raises(UsageError, match=r"no such file: .*gone\.mov"):
        open_recorded(folder, tmp_path / "gone.mov")


def test_a_running_session_is_left_alone(tmp_path):
    folder = write_session(tmp_path)
    record = SessionRecord(started=STARTED, state="recording")
    file = SessionFile(folder)
    file.write(record)
    with pytest.raises(UsageError, match="is still running"):
        open_recorded(folder)
    file.write(record.model_copy(update={"state": "complete"}))
    assert open_recorded(folder).complete


def test_nothing_there_names_what_is(tmp_path):
    with pytest.raises(UsageError, match="no such file or folder"):
        open_recorded(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"holds no timeline.jsonl; `live-sentiment replay`"):
        open_recorded(tmp_path)
    write_session(tmp_path / "one")
    with pytest.raises(UsageError, match=f"such as {tmp_path / 'one'}"):
        open_recorded(tmp_path)


@pytest.mark.parametrize("version", [2, "two", None])
def test_a_newer_version_is_refused(tmp_path, version):
    folder = write_session(tmp_path)
    header, rest = (folder / "timeline.jsonl").read_text().split("\n", 1)
    newer = json.dumps({**json.loads(header), "version": version})
    (folder / "timeline.jsonl").write_text(f"{newer}\n{rest}")
    with pytest.raises(UsageError, match=f"timeline version {version}, this program reads up to 1; update"):
        open_recorded(folder)


def test_a_newer_record_is_refused(tmp_path):
    folder = write_session(tmp_path)
    (folder / "session.json").write_text('{"schema": "live-sentiment/session", "version": 9}')
    with pytest.raises(UsageError, match="session version 9"):
        open_recorded(folder)


def test_any_other_file_is_no_session(tmp_path):
    other = tmp_path / "notes.jsonl"
    other.write_text("{}\n")
    with pytest.raises(UsageError, match="is not a timeline"):
        open_recorded(other)
    other.write_text('{"type": "header"}\n')
    with pytest.raises(UsageError, match="is not a timeline"):
        open_recorded(Path(other))


@pytest.mark.parametrize("damaged", ['{"type":"point"}', '{"type":"point","time":"x","words":[]}'])
def test_a_damaged_point_costs_its_line_and_the_note_names_it(tmp_path, damaged):
    folder = write_session(tmp_path)
    lines = (folder / "timeline.jsonl").read_text("utf-8").splitlines()
    lines[2] = damaged
    (folder / "timeline.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    session = open_recorded(folder)
    assert session.point_count == len(list(session.points())) == 23
    (note,) = session.notes
    assert "timeline.jsonl is damaged, and what is damaged was left out: line 3: " in note
