from __future__ import annotations

import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.media.inputs import find_each, find_media, session_folder
from tests.helpers import media_factory as factory


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return factory.write_media(
        tmp_path_factory.mktemp("clip") / "clip.wav", sound=factory.tone(0.2), audio_codec="pcm_s16le"
    )


@pytest.fixture
def folder(tmp_path: Path, clip: Path) -> Path:
    for name in ("take 10.wav", "take 2.wav", "Take 1.WAV", ".hidden.wav", "notes.txt", "deeper/other.wav"):
        to = tmp_path / name
        to.parent.mkdir(exist_ok=True)
        shutil.copy(clip, to)
    return tmp_path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_a_folder_stands_for_the_media_in_it_in_the_order_a_person_counts(folder: Path) -> None:
    assert names(find_media([str(folder)])) == ["Take 1.WAV", "take 2.wav", "take 10.wav"]


def test_patterns_reach_deeper_when_told_to(folder: Path) -> None:
    assert names(find_media([str(folder / "take*.wav")])) == ["take 2.wav", "take 10.wav"]
    assert names(find_media([str(folder / "**" / "*.wav")])) == ["other.wav", "take 2.wav", "take 10.wav"]


def test_arguments_keep_their_order_and_no_file_comes_twice(folder: Path) -> None:
    last = folder / "take 10.wav"
    roundabout = folder / "deeper" / ".." / "take 10.wav"
    found = find_media([str(last), str(folder), str(roundabout)])
    assert names(found) == ["take 10.wav", "Take 1.WAV", "take 2.wav"]


def test_a_file_named_outright_may_be_called_anything(folder: Path) -> None:
    odd = folder / "recording.of.today"
    (folder / "take 2.wav").rename(odd)
    assert find_media([str(odd)]) == [odd]


def test_a_name_with_brackets_is_a_name_first(folder: Path) -> None:
    odd = folder / "clip [1].wav"
    (folder / "take 2.wav").rename(odd)
    assert find_media([str(odd)]) == [odd]


def test_the_home_folder_is_understood(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert find_media(["~/take 2.wav"]) == [folder / "take 2.wav"]


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("missing.mp4", "no such file"),
        ("empty folder", "no media files in the folder"),
        ("*.mkv", "no media file matches"),
        ("notes.txt", "cannot be read as video or audio"),
        ("zero.mp4", "is empty"),
    ],
)
def test_what_is_not_media_gets_one_line(folder: Path, argument: str, says: str) -> None:
    (folder / "empty folder").mkdir()
    (folder / "notes.txt").write_text("words\n")
    (folder / "zero.mp4").touch()
    with pytest.raises(UsageError, match=says) as caught:
        find_media([str(folder / argument)])
    assert argument in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_may_not_be_read_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UsageError, match=r"cannot read the folder .*: Permission denied"):
        find_media([str(folder)])


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-11-21_14-03-07"
    folder.mkdir()
    (folder / "session.json").write_text("{}")
    factory.write_media(folder / "media.mkv", sound=factory.tone(0.2), audio_codec="pcm_s16le")
    return folder


def test_the_folder_of_a_session_stands_for_its_recording(session: Path) -> None:
    (session / "other.wav").write_bytes((session / "media.mkv").read_bytes())
    (found,) = find_media([str(session)])
    assert found == session / "media.mkv"
    assert session_folder(found) == session


def test_a_recording_is_known_as_such_from_wherever_it_is_named(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(session)
    assert session_folder(Path("media.mkv")) == session
    (found,) = find_media(["."])
    assert session_folder(found) == session


def test_a_plain_folder_of_clips_is_no_session(session: Path) -> None:
    (session / "session.json").unlink()
    assert find_media([str(session)]) == [session / "media.mkv"]
    assert session_folder(session / "media.mkv") is None


def test_a_session_without_media_says_what_is_there_instead(session: Path) -> None:
    (session / "media.mkv").unlink()
    with pytest.raises(UsageError, match="without picture and sound") as caught:
        find_media([str(session)])
    assert str(session / "timeline.jsonl") in str(caught.value)


def test_a_session_whose_recording_is_damaged_says_so(session: Path) -> None:
    (session / "media.mkv").write_bytes(b"no film")
    with pytest.raises(UsageError, match="is no Matroska file"):
        find_media([str(session)])


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("", "an empty argument names no file"),
        ("  ", "an empty argument names no file"),
        ("-", "save it to one first"),
        ("https://example.org/talk.mp4", "download it first"),
        ("http:/example.org/talk.mp4", "download it first"),
        ("rtsp://user@door.local/stream", "run --camera"),
        ("gopher://example.org/talk", "only files are replayed"),
        ("/dev/null", "is a device, not a file"),
        ("file:///nowhere/talk.mp4", "no such file: /nowhere/talk.mp4"),
        ("~nobody-has-this-name/talk.mp4", "no home folder"),
        ("x" * 5000, "cannot read x"),
    ],
    ids=lambda value: value[:30],
)
def test_what_is_no_file_is_refused_by_what_it_is(argument: str, says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        find_media([argument])
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_and_a_socket_are_refused_without_waiting_for_them(tmp_path: Path) -> None:
    pipe = tmp_path / "talk.mp4"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="is a named pipe"):
        find_media([str(pipe)])
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.mp4"))
        with pytest.raises(UsageError, match="is a socket"):
            find_media([str(tmp_path / "s.mp4")])


def test_a_file_by_its_address_and_one_that_looks_like_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = folder / "take 2.wav"
    assert find_media([take.as_uri()]) == [take]
    monkeypatch.chdir(folder)
    (folder / "-").write_bytes(take.read_bytes())
    (folder / "http:" / "x").mkdir(parents=True)
    (folder / "http:" / "x" / "a.wav").write_bytes(take.read_bytes())
    assert names(find_media(["./-", "http://x/a.wav"])) == ["-", "a.wav"]


def test_one_argument_that_names_nothing_does_not_stop_the_others(folder: Path) -> None:
    good = str(folder / "take 2.wav")
    found, refused = find_each(["", str(folder / "*.mkv"), good, str(folder / "gone.wav")])
    assert names(found) == ["take 2.wav"]
    assert list(refused) == ["", str(folder / "*.mkv"), str(folder / "gone.wav")]
