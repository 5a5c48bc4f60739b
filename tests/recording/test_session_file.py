"""session.json: what is written is read back, checked by its schema, and never there by half."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from live_sentiment.core.config import Config
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.recording.session_file import (
    DeviceRecord,
    GapRecord,
    Marker,
    RecordingRecord,
    SessionFile,
    SessionRecord,
    is_being_recorded,
    local_now,
    read_session,
    session_schema,
    software_versions,
)
from live_sentiment.sources.capture import DeviceHealth

STARTED = datetime(2026, 11, 21, 9, 30, 0, 250_000, timezone(timedelta(hours=-3, minutes=-30)))

CAMERA = DeviceHealth("camera", "Über-Cam", "running", 29.97002, 640, 480, dropped={"overrun": 3}, gaps=1)
MICROPHONE = DeviceHealth("microphone", "Array", "lost", 44_100, channels=2, drift_ppm=-12.3456, delay_s=0.02)


def record(**changes: object) -> SessionRecord:
    fields = {
        "started": STARTED,
        "state": "complete",
        "duration_s": 12.34567,
        "devices": (
            DeviceRecord.of(CAMERA, (GapRecord(start_s=1.5, end_s=2.75, reason="camera lost"),)),
            DeviceRecord.of(MICROPHONE, (GapRecord(start_s=11.0, end_s=None, reason="microphone lost"),)),
        ),
        "recording": RecordingRecord(files=("media.mkv",), encoder="libx264", stopped="the disk is full"),
        "markers": (Marker(time_s=3.0004, note="she laughs"),),
        "models": {"speech": "whisper-tiny.en"},
        "configuration": Config().model_dump(mode="json"),
        "software": software_versions(),
    }
    return SessionRecord(**{**fields, **changes})


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    Draft202012Validator.check_schema(session_schema())
    return Draft202012Validator(session_schema())


def test_what_is_written_is_read_back(tmp_path):
    SessionFile(tmp_path).write(record())
    read = read_session(tmp_path)
    assert read.started == STARTED
    assert read.started.utcoffset() == STARTED.utcoffset()
    assert read.duration_s == 12.346
    assert read.devices[0].gaps == (GapRecord(start_s=1.5, end_s=2.75, reason="camera lost"),)
    assert read.devices[1].drift_ppm == -12.35
    assert read.markers == (Marker(time_s=3.0, note="she laughs"),)
    assert read.recording.stopped == "the disk is full"
    assert Config.model_validate(read.configuration) == Config()
    assert read_session(tmp_path).fields() == read.fields()


@pytest.mark.parametrize(
    "fields", [record().fields(), SessionRecord(started=STARTED, state="recording").fields()]
)
def test_the_file_keeps_to_its_schema_which_refuses_what_it_should(schema, fields):
    schema.validate(fields)
    for field in fields:
        assert not schema.is_valid({key: value for key, value in fields.items() if key != field})
    assert not schema.is_valid({**fields, "undocumented": 1})
    assert not schema.is_valid({**fields, "state": "unknown"})


def test_every_field_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "session.md").read_text("utf-8")
    fields = record().fields()
    names = {*fields, *fields["recording"], *fields["devices"][0], *fields["devices"][0]["gaps"][0]}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_a_later_versions_new_fields_are_passed_over(tmp_path):
    fields = record().fields()
    fields["devices"][0]["colour"] = "black"
    (tmp_path / "session.json").write_text(json.dumps({**fields, "mood": "good"}), "utf-8")
    assert read_session(tmp_path) == read_session(tmp_path)
    assert read_session(tmp_path).devices[0].name == "Über-Cam"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "holds no session.json"),
        ("{", "damaged: it is no JSON"),
        ("\xff\xfe", "damaged: it is no JSON"),
        ("[]", "not the record of a session"),
        ('{"schema": "live-sentiment/timeline"}', "not the record of a session"),
        (
            '{"schema": "live-sentiment/session", "version": 2}',
            "version 2, this program reads up to 1; update",
        ),
        ('{"schema": "live-sentiment/session", "version": 1}', "damaged: started: Field required"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, content, message):
    if content is not None:
        (tmp_path / "session.json").write_text(content, "latin-1")
    with pytest.raises(UsageError, match=message):
        read_session(tmp_path)


def test_a_folder_in_its_place_is_named(tmp_path):
    (tmp_path / "session.json").mkdir()
    with pytest.raises(UsageError, match=r"cannot read .*session\.json"):
        read_session(tmp_path)


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    file = SessionFile(tmp_path)
    file.write(record(duration_s=1.0))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("live_sentiment.sinks.atomic.os.fsync", full)
    with pytest.raises(RunError, match="No space left"):
        file.write(record(duration_s=2.0))
    assert read_session(tmp_path).duration_s == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


def test_a_folder_is_locked_while_it_is_recorded(tmp_path):
    assert not is_being_recorded(tmp_path)
    file = SessionFile(tmp_path)
    for duration_s in (1.0, 2.0):
        file.write(record(state="recording", duration_s=duration_s))
        assert is_being_recorded(tmp_path)
    with pytest.raises(RunError, match="another session writes there"):
        SessionFile(tmp_path).write(record(state="recording"))
    file.write(record())
    assert not is_being_recorded(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


KILLED = """
import os, signal, sys
from pathlib import Path
from live_sentiment.recording.session_file import SessionFile, SessionRecord, local_now
file = SessionFile(Path(sys.argv[1]))
file.write(SessionRecord(started=local_now(), state="recording", duration_s=5.0))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_process_leaves_its_last_record_and_no_lock(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not is_being_recorded(tmp_path)
    assert (read_session(tmp_path).state, read_session(tmp_path).duration_s) == ("recording", 5.0)


def test_times_carry_the_local_offset():
    assert local_now().utcoffset() is not None
    assert local_now().microsecond % 1000 == 0


def test_versions_name_what_results_depend_on():
    assert {"python", "live-sentiment", "torch", "av", "opencv-python", "system"} <= set(software_versions())
