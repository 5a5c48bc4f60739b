"""`report`, `export` and `repair` of damaged folders: a result, or one clear line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from live_sentiment.console.main import main
from tests.helpers.places import CASES, needs_cases

DAMAGED = CASES / "damaged_sessions"
FORMATS = {"export": ["--to", "csv,vtt,srt,eaf,textgrid,png"]}


@needs_cases
@pytest.mark.parametrize("name", sorted(folder.name for folder in DAMAGED.glob("*_*")))
def test_a_damaged_folder_gives_a_result_or_one_clear_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, command = tmp_path / name, name.split("_")[1]
    shutil.copytree(DAMAGED / name, folder)
    code = main([command, str(folder), *FORMATS.get(command, [])])
    err = capsys.readouterr().err
    assert "run again with --debug" not in err
    assert "Traceback" not in err
    assert code == 0 or str(folder) in err
