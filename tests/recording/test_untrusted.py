"""A session's folder may come from somebody else: nothing is read or written through what lies in it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from live_sentiment.core.errors import LiveSentimentError, RunError, UsageError
from live_sentiment.recording.matroska import ClusterFile
from live_sentiment.recording.repair import repair
from live_sentiment.recording.session_file import SessionFile, SessionRecord, is_being_recorded, local_now
from live_sentiment.recording.untrusted import read_whole
from live_sentiment.sinks.captions import CaptionWriter
from live_sentiment.sinks.file import make_folder
from live_sentiment.sinks.jsonl import TimelineWriter
from tests.helpers.story import point

needs_links = pytest.mark.skipif(os.name == "nt", reason="links and modes as POSIX has them")
pytestmark = needs_links

SECRET = b"a letter to nobody\n"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that is none of the session's business."""
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A session whose process was killed, and that was not begun by `SessionFile`, so nothing is locked."""
    folder = tmp_path / "session"
    make_folder(folder)
    timeline = TimelineWriter(folder / "timeline.jsonl", {})
    timeline.point(point(0.25))
    timeline._file.close()
    CaptionWriter(folder / "transcript.vtt").close(complete=False)
    record = SessionRecord(started=local_now(), state="recording")
    file = SessionFile(folder)
    file.write(record)
    file._lock.release()
    return folder


@pytest.mark.parametrize("name", ["timeline.jsonl", "transcript.vtt", "session.json", "media.mkv"])
def test_repair_neither_reads_nor_writes_through_a_link(folder: Path, secret: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(RunError, match=rf"{name}: it is a link, and links .* are not followed"):
        repair(folder)
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize(
    "name",
    [
        "timeline.jsonl.tmp",
        "transcript.vtt.tmp",
        "session.json.tmp",
        "media.repaired.mkv",
        "report.part.html",
        ".lock",
    ],
)
def test_no_name_that_can_be_foreseen_is_written_to(folder: Path, secret: Path, name: str) -> None:
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    assert not is_being_recorded(folder)
    assert repair(folder)
    assert secret.read_bytes() == SECRET


def test_a_lock_that_is_a_link_is_not_emptied_by_a_new_session(folder: Path, secret: Path) -> None:
    (folder / ".lock").unlink(missing_ok=True)
    (folder / ".lock").symlink_to(secret)
    file = SessionFile(folder)
    file.write(SessionRecord(started=local_now(), state="recording"))
    assert is_being_recorded(folder)
    file.write(SessionRecord(started=local_now(), state="complete"))
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize("writer", [lambda path: TimelineWriter(path, {}), CaptionWriter, ClusterFile])
def test_what_is_written_takes_the_place_of_a_link(tmp_path: Path, secret: Path, writer: type) -> None:
    path = tmp_path / "out"
    path.symlink_to(secret)
    writer(path)._file.close()
    assert not path.is_symlink()
    assert secret.read_bytes() == SECRET


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
@pytest.mark.parametrize("name", ["timeline.jsonl", "transcript.vtt", "session.json", "media.mkv"])
def test_a_pipe_or_folder_in_place_of_a_file_is_said_and_not_waited_for(
    folder: Path, name: str, make: type
) -> None:
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    with pytest.raises(RunError, match=rf"{name}: it is a (pipe|folder).*, not a file"):
        repair(folder)
    with pytest.raises(UsageError, match="cannot write"):
        TimelineWriter(folder / name, {})


def test_a_file_larger_than_its_kind_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "session.json").open("wb") as file:
        file.truncate(50 * 2**20)
    with pytest.raises(LiveSentimentError, match="has 50 MiB; files of its kind are read up to 16 MiB"):
        read_whole(tmp_path / "session.json", 16 * 2**20)


def test_what_a_session_writes_is_for_its_owner_only(folder: Path) -> None:
    repair(folder)
    media = ClusterFile(folder / "media.mkv")
    media.release()
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()}
    names = ("media.mkv", "session.json", "timeline.jsonl", "transcript.vtt")
    assert modes == dict.fromkeys(names, 0o600)
    assert stat.S_IMODE(folder.lstat().st_mode) == 0o700


def test_half_of_a_replaced_file_is_cleared_away(folder: Path) -> None:
    (folder / ".0123abcd.part.json").write_text("{")
    (folder / "notes.part.json").write_text("mine")
    assert any(".0123abcd.part.json: removed" in line for line in repair(folder))
    assert not (folder / ".0123abcd.part.json").exists()
    assert (folder / "notes.part.json").exists()
