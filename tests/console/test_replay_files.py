"""`live-sentiment replay` of several files: each result in its own folder, and one bad file ends no other."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.console.main import main
from live_sentiment.core.config import Config
from live_sentiment.core.errors import EndedBySignal, UsageError
from live_sentiment.core.types import Affect, Window
from live_sentiment.runtime import stages
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.sinks.reader import RecordedTimeline, read_timeline
from tests.helpers import media_factory as factory
from tests.helpers.scripted import ScriptedStages

Fuse = Callable[[Window, int | None], Affect | None]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> ScriptedStages:
    made = ScriptedStages()
    monkeypatch.setattr(stages, "load_stages", lambda config, store: made)
    return made


def take(path: Path, hz: float = 440.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return factory.write_media(path, sound=factory.tone(1.0, hz), audio_codec="pcm_s16le")


def replay(*arguments: str | Path | bytes, output: Path) -> int:
    named = [os.fsdecode(argument) for argument in arguments]
    return main(["replay", *named, "--output", str(output), "--no-dashboard"])


def results(output: Path) -> dict[str, RecordedTimeline]:
    """Timelines by the path of their source, absolute."""
    read = [read_timeline(folder / "timeline.jsonl") for folder in output.iterdir()]
    by_path = {timeline.header["source"]["path"]: timeline for timeline in read}
    assert len(by_path) == len(read)
    return by_path


@pytest.mark.parametrize("same", [False, True], ids=["other content", "the same content"])
def test_takes_of_one_name_keep_their_own_results(tmp_path: Path, same: bool) -> None:
    a, b = take(tmp_path / "a" / "take1.wav"), take(tmp_path / "b" / "take1.wav", 440.0 if same else 660.0)
    output = tmp_path / "out"
    assert replay(a, b, output=output) == 0
    before = {path: path.read_bytes() for path in output.rglob("*.*") if path.is_file()}
    assert set(results(output)) == {str(a), str(b)}
    assert replay(b, output=output) == 0
    assert {path: path.read_bytes() for path in output.rglob("*.*") if path.is_file()} == before
    assert replay(take(tmp_path / "c" / "take1.wav"), output=output) == 0
    assert set(results(output)) == {str(a), str(b), str(tmp_path / "c" / "take1.wav")}


def test_one_after_the_other_is_no_different(tmp_path: Path) -> None:
    takes = [take(tmp_path / folder / "take1.wav") for folder in "abcd"]
    output = tmp_path / "out"
    for path in (*takes, *takes[::-1]):
        assert replay(path, output=output) == 0
    assert set(results(output)) == {str(path) for path in takes}


def test_a_result_does_not_depend_on_how_its_source_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = take(tmp_path / "a" / "take1.wav")
    assert replay(clip, output=tmp_path / "out") == 0
    absolute = (tmp_path / "out" / "take1" / "timeline.jsonl").read_bytes()
    monkeypatch.chdir(tmp_path / "a")
    assert replay("../a/./take1.wav", output=tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["take1"]
    assert (tmp_path / "out" / "take1" / "timeline.jsonl").read_bytes() == absolute


def test_the_folder_of_a_live_session_is_never_written_over(tmp_path: Path) -> None:
    session = tmp_path / "recordings" / "2026-11-21_14-03-07"
    take(session / "media.mkv")
    (session / "session.json").write_text("{}")
    live = '{"type":"header","schema":"live-sentiment/timeline","version":1,"source":{"name":"x"}}\n'
    (session / "timeline.jsonl").write_text(live)
    assert replay(session, output=session.parent) == 0
    assert (session / "timeline.jsonl").read_text() == live
    again = session.parent / f"{session.name}-2"
    assert read_timeline(again / "timeline.jsonl").header["source"]["path"] == str(session / "media.mkv")


def test_a_program_is_refused_the_folder_of_another_source(tmp_path: Path) -> None:
    a, b = take(tmp_path / "a.wav"), take(tmp_path / "b.wav")
    folder = tmp_path / "result"
    FileSession(a, Config(), ScriptedStages(), folder).run()  # type: ignore[arg-type]
    before = (folder / "timeline.jsonl").read_bytes()
    with pytest.raises(UsageError, match=r"holds the results of .*a\.wav"):
        FileSession(b, Config(), ScriptedStages(), folder)  # type: ignore[arg-type]
    assert (folder / "timeline.jsonl").read_bytes() == before
    FileSession(a, Config(), ScriptedStages(), folder).run()  # type: ignore[arg-type]
    assert (folder / "timeline.jsonl").read_bytes() == before


def fails_on(path: Path, error: BaseException, monkeypatch: pytest.MonkeyPatch, made: ScriptedStages) -> None:
    """Let fusion fail while this file is analysed."""
    fuse: Fuse = made.fusion
    analysed: list[Path] = []
    made_by: Any = FileSession.__init__

    def remember(self: FileSession, media: Path, *rest: Any, **options: Any) -> None:
        analysed.append(media)
        made_by(self, media, *rest, **options)

    def fail(window: Window, person: int | None) -> Affect | None:
        if analysed[-1] == path and window.final and window.index > 2:
            raise error
        return fuse(window, person)

    monkeypatch.setattr(FileSession, "__init__", remember)
    monkeypatch.setattr(made, "fusion", fail)


@pytest.mark.parametrize(
    "error",
    [ValueError("a bug"), MemoryError(), KeyError("x"), OSError(5, "Input/output error"), AssertionError()],
    ids=lambda error: type(error).__name__,
)
def test_whatever_one_file_fails_with_the_others_go_on_and_its_folder_says_so(
    error: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: ScriptedStages,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clips = [take(tmp_path / f"{name}.wav") for name in "abc"]
    fails_on(clips[1], error, monkeypatch, scripted)
    output = tmp_path / "out"
    assert replay(*clips, "--json", output=output) == 1
    told = capsys.readouterr()
    assert [json.loads(line)["source"] for line in told.out.splitlines()] == [str(clips[0]), str(clips[2])]
    assert "Traceback" not in told.err
    assert str(clips[1]) in told.err.splitlines()[-1]
    for name, complete in (("a", True), ("b", False), ("c", True)):
        timeline = read_timeline(output / name / "timeline.jsonl")
        assert timeline.end is not None
        assert timeline.end["complete"] is complete
        assert [event["kind"] for event in timeline.of("event")] == ([] if complete else ["failed"])
    assert len(read_timeline(output / "b" / "timeline.jsonl").points) == 2


def test_an_error_of_the_only_file_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: ScriptedStages,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = take(tmp_path / "a.wav")
    fails_on(clip, ValueError("a bug"), monkeypatch, scripted)
    assert replay(clip, output=tmp_path / "out") == 1
    kept, line = capsys.readouterr().err.splitlines()
    assert "hold what was analysed so far" in kept
    assert "ValueError: a bug" in line


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (EndedBySignal(143), 143)])
def test_a_signal_in_one_file_ends_all(
    error: BaseException,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: ScriptedStages,
) -> None:
    clips = [take(tmp_path / f"{name}.wav") for name in "ab"]
    fails_on(clips[0], error, monkeypatch, scripted)
    assert replay(*clips, output=tmp_path / "out") == code
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_a_named_file_that_cannot_be_read_stops_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = take(tmp_path / "good.wav")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no film\n" * 100)
    headless = tmp_path / "header.wav"
    headless.write_bytes(good.read_bytes()[:44])
    bad = [tmp_path / name for name in ("missing.mp4", "empty.mp4", "text.mp4", "header.wav", "*.mkv")]
    assert replay(*bad[:3], good, *bad[3:], "https://example.org/a.mp4", output=tmp_path / "out") == 1
    told = capsys.readouterr()
    assert set(results(tmp_path / "out")) == {str(good)}
    title, *rows = told.err.splitlines()
    assert title == "live-sentiment: not analysed:"
    assert len(rows) == len(bad) + 1
    for path, why in zip(
        bad, ("no such file", "is empty", "not media", "not media", "no media"), strict=True
    ):
        assert any(str(path) in row and why in row for row in rows), (path, rows)
    assert good.name in told.out


def test_several_names_of_which_none_is_there_are_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay(tmp_path / "a.mp4", tmp_path / "b.mp4", output=tmp_path / "out") == 2
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="file names of Linux")
def test_names_that_are_no_text_get_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clip = take(tmp_path / "clip.wav")
    names = [b"caf\xe9.wav", b"\xff\xfe\n\x1b[2J.wav", "ключ.wav".encode()]
    folder = os.fsencode(tmp_path) + b"/\xe9t\xe9"
    os.mkdir(folder)  # noqa: PTH102 (bytes)
    for name in names:
        shutil.copyfile(os.fsencode(clip), folder + b"/" + name)
    output = tmp_path / "out"
    assert replay(folder, "--json", "--export", "csv,srt", output=output) == 0
    sources = [json.loads(line)["source"] for line in capsys.readouterr().out.splitlines()]
    assert set(sources) == set(results(output))
    for source in sources:
        source.encode()
    assert f"{tmp_path}/\\xe9t\\xe9/\\xff\\xfe\n\x1b[2J.wav" in sources
