"""`live-sentiment repair` as a user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.console.main import main
from live_sentiment.sinks.jsonl import TimelineWriter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a killed replay leaves."""
    TimelineWriter(tmp_path / "timeline.jsonl", {"source": {"name": "talk.mp4"}})._file.close()
    return tmp_path


def test_it_prints_what_it_did_and_then_that_nothing_is_left_to_do(folder, capsys):
    assert main(["repair", str(folder)]) == 0
    assert capsys.readouterr().out == "timeline.jsonl: added its end at 0.00 s, marked as not complete\n"
    assert main(["repair", str(folder)]) == 0
    assert capsys.readouterr().out == f"everything in {folder} is whole; nothing is to be done\n"


def test_a_wrong_folder_is_wrong_use(tmp_path, capsys):
    assert main(["repair", str(tmp_path)]) == 2
    assert "is not the folder of a session" in capsys.readouterr().err


def test_a_damaged_file_is_a_failed_run(folder, capsys):
    (folder / "media.mkv").write_bytes(b"no film")
    assert main(["repair", str(folder)]) == 1
    assert "media.mkv is no Matroska file; done: timeline.jsonl" in capsys.readouterr().err
