"""`live-sentiment export` and `--export` as a user calls them."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from live_sentiment.console import exports
from live_sentiment.console.main import main
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.export import FORMATS, Format, formats
from live_sentiment.sinks.jsonl import TimelineWriter
from live_sentiment.timeline.episodes import Episode
from tests.helpers.story import point, word

ROOT = Path(__file__).parents[2]
TEXTUAL = "csv,parquet,vtt,srt,eaf,textgrid"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_session(tmp_path / "talk")


def write_session(folder: Path) -> Path:
    folder.mkdir(parents=True)
    writer = TimelineWriter(folder / "timeline.jsonl", {"source": {"name": "talk.mp4"}, "models": {}})
    for index in range(1, 9):
        writer.point(point(index / 4, words=(word("yes", 0.5),) if index == 2 else ()))
    writer.segment(Episode(0.0, 2.0, "joy", 0.7, 0.5, 0.1))
    writer.close(complete=True)
    return folder


@pytest.fixture
def broken_format(monkeypatch) -> str:
    """A format whose exporter fails."""

    def write(session, path, progress):
        raise RunError(f"cannot write {path}: No space left on device; free some space and export again")

    monkeypatch.setattr(Format, "load", lambda self: write if self.name == "vtt" else _loaded(self))
    return "vtt"


def _loaded(format: Format):
    module, function = format.exporter.split(":")
    return getattr(importlib.import_module(f"live_sentiment.export.{module}"), function)


def test_it_writes_into_the_folder_of_the_session_and_says_where(folder, capsys):
    assert main(["export", str(folder), "--to", TEXTUAL]) == 0
    out = capsys.readouterr().out
    for name in formats(TEXTUAL):
        assert (folder / name.file).stat().st_size
        assert str(folder / name.file) in out
    assert "with words.csv, episodes.csv" in out


def test_a_timeline_can_be_named_and_another_folder(folder, tmp_path, capsys):
    output = tmp_path / "a" / "b"
    assert main(["export", str(folder / "timeline.jsonl"), "--to", "srt", "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output / 'captions.srt'}\n"
    assert (output / "captions.srt").read_text().endswith("[joy] yes\n\n")


def test_a_session_that_was_killed_is_exported_with_a_note(folder, capsys):
    path = folder / "timeline.jsonl"
    path.write_bytes(path.read_bytes()[:-200])
    assert main(["export", str(folder), "--to", "csv"]) == 0
    captured = capsys.readouterr()
    assert "points.csv" in captured.out
    assert "was not closed" in captured.err
    assert "live-sentiment repair" in captured.err


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("cvs", "unknown export format 'cvs', did you mean csv? (known are csv,"),
        ("csv,praat", "unknown export format 'praat' (known are csv, parquet, vtt"),
        ("parket", "did you mean parquet"),
        (",", "name at least one export format of csv"),
    ],
)
def test_an_unknown_format_names_the_near_ones(folder, capsys, to, said):
    assert main(["export", str(folder), "--to", to]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_no_such_folder_is_wrong_use(tmp_path, capsys):
    assert main(["export", str(tmp_path / "gone"), "--to", "csv"]) == 2
    assert "no such file or folder" in capsys.readouterr().err


def test_a_newer_timeline_asks_for_an_update(folder, capsys):
    path = folder / "timeline.jsonl"
    path.write_text(path.read_text().replace('"version":1', '"version":7', 1))
    assert main(["export", str(folder), "--to", "csv"]) == 2
    assert "timeline version 7, this program reads up to 1; update" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_names_the_way_out(folder, capsys):
    (folder / "captions.vtt").mkdir()  # also root cannot put a file in place of a folder
    assert main(["export", str(folder), "--to", "vtt"]) == 2
    assert "choose another folder with --output DIR" in capsys.readouterr().err


def test_a_missing_library_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setattr("live_sentiment.export.find_spec", lambda name: None)
    assert main(["export", str(folder), "--to", "parquet"]) == 2
    assert "pip install 'live-sentiment[export]'" in capsys.readouterr().err
    assert main(["export", str(folder), "--to", "csv"]) == 0


def test_one_that_fails_does_not_keep_the_others(folder, capsys, broken_format):
    assert main(["export", str(folder), "--to", f"{broken_format},srt"]) == 1
    captured = capsys.readouterr()
    assert captured.out == f"{folder / 'captions.srt'}\n"
    assert captured.err.startswith("live-sentiment: cannot write")


def test_exports_after_a_session_are_said(folder, capsys):
    exports.export_afterwards(folder, formats("srt,csv"))
    assert str(folder / "captions.srt") in capsys.readouterr().out
    exports.export_afterwards(folder, formats("srt"), quiet=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(folder / "captions.srt") in captured.err


def test_a_failing_export_harms_no_session(folder, capsys, broken_format):
    before = (folder / "timeline.jsonl").read_bytes()
    exports.export_afterwards(folder, formats(f"{broken_format},srt"))
    captured = capsys.readouterr()
    assert "vtt was not exported: cannot write" in captured.err
    assert f"try again with: live-sentiment export {folder} --to vtt" in captured.err
    assert "captions.srt" in captured.out
    assert (folder / "timeline.jsonl").read_bytes() == before


def test_a_session_that_cannot_be_read_is_said(tmp_path, capsys):
    exports.export_afterwards(tmp_path, formats("csv"))
    assert "nothing was exported" in capsys.readouterr().err
    exports.export_afterwards(tmp_path, [])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("command", [["run"], ["replay", "clip.mp4"]])
def test_wrong_exports_are_refused_before_anything_begins(command, capsys, monkeypatch):
    assert main([*command, "--export", "cvs"]) == 2
    assert "did you mean csv" in capsys.readouterr().err
    monkeypatch.setattr("live_sentiment.export.find_spec", lambda name: None)
    assert main([*command, "--export", "parquet"]) == 2
    assert "pip install 'live-sentiment[export]'" in capsys.readouterr().err


def test_replay_exports_what_it_has_written(tmp_path, capsys, monkeypatch):
    def analysed(clip, folder, *others, **more):
        write_session(folder)

    monkeypatch.setattr("live_sentiment.console.replay._replay", analysed)
    monkeypatch.setattr("live_sentiment.console.replay._print", lambda outcome, options: None)
    monkeypatch.setattr("live_sentiment.runtime.stages.load_stages", lambda *others, **more: None)
    clip = ROOT / "recordings/demo.mp4"
    assert main(["replay", str(clip), "--output", str(tmp_path), "--export", "srt,eaf"]) == 0
    assert (tmp_path / "demo/captions.srt").exists()
    assert "/demo.mp4" in (tmp_path / "demo/annotations.eaf").read_text()  # the clip is linked
    assert str(tmp_path / "demo/captions.srt") in capsys.readouterr().out


def test_run_exports_a_session_that_was_ended_by_a_signal(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "now"

    def ended(live, options, clock):
        write_session(folder)
        return 130

    monkeypatch.setattr("live_sentiment.console.run._make_folder", lambda parent: folder)
    monkeypatch.setattr("live_sentiment.console.run._open_devices", lambda *others: (None, None))
    monkeypatch.setattr("live_sentiment.console.run.conduct", ended)
    live = SimpleNamespace(close=lambda: None)
    monkeypatch.setattr("live_sentiment.runtime.live_session.LiveSession", lambda *others, **more: live)
    monkeypatch.setattr("live_sentiment.runtime.stages.load_stages", lambda *others, **more: None)
    assert main(["run", "--output", str(tmp_path), "--export", "srt", "--json"]) == 130
    captured = capsys.readouterr()
    assert (folder / "captions.srt").exists()
    assert captured.out == ""  # belongs to the results
    assert "captions.srt" in captured.err


def test_what_is_not_recorded_cannot_be_exported(capsys):
    assert main(["run", "--no-record", "--export", "csv"]) == 2
    assert "--export writes what --record keeps" in capsys.readouterr().err


def test_a_bar_shows_on_a_terminal_only(capsys):
    with exports._bar("csv") as progress:
        progress(0.5)
    assert capsys.readouterr().err == ""


def test_help_names_every_format(capsys):
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    out = capsys.readouterr().out
    for format in FORMATS.values():
        assert f"\n  {format.name} " in out
        assert format.file in out


def test_every_format_can_be_loaded():
    for format in FORMATS.values():
        assert callable(format.load())


def test_formats_are_taken_once_in_the_order_given():
    assert [format.name for format in formats(" SRT ,csv,srt,")] == ["srt", "csv"]
    with pytest.raises(UsageError):
        formats("")
