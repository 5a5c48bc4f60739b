"""The name of a folder may hold anything that the system lets it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from live_sentiment.console.main import main
from tests.helpers.sessions import write_session

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")


@pytest.mark.parametrize("command", ["report", "export"])
def test_a_name_that_is_not_utf8_is_written_to_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/s\xff\x1b[31m"))
    write_session(folder)
    (folder / "talk.mp4").write_bytes(b"film")
    formats = ["--to", "csv,vtt,srt,eaf,textgrid,parquet,png"] if command == "export" else []
    assert main([command, str(folder), *formats]) == 0
    out, err = capsys.readouterr()
    assert "s��[31m" in out
    assert "\x1b" not in out + err
