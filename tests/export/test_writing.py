"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.export.writing import told, whole_file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_takes_the_place_of_what_was_there(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("before")
    with whole_file(path) as aside:
        aside.write_text("after")
        assert aside.suffix == ".csv"
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert names(tmp_path) == ["points.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_export_leaves_nothing(tmp_path, error):
    path = tmp_path / "points.csv"
    path.write_text("before")
    with pytest.raises(error), whole_file(path) as aside:
        aside.write_text("half")
        raise error
    assert path.read_text() == "before"
    assert names(tmp_path) == ["points.csv"]


def test_a_full_disk_is_a_failed_run(tmp_path):
    path = tmp_path / "points.csv"
    with pytest.raises(RunError, match=r"points\.csv: No space left on device; free some"), whole_file(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_read_only_folder_names_the_way_out(tmp_path, code):
    with pytest.raises(UsageError, match="choose another folder with --output DIR"):  # noqa: SIM117
        with whole_file(tmp_path / "points.csv"):
            raise OSError(code, os.strerror(code))


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"gone/points\.csv: No such file"):  # noqa: SIM117
        with whole_file(tmp_path / "gone" / "points.csv") as aside:
            aside.write_text("x")


def test_progress_is_told_now_and_then_and_never_passes_the_end():
    done: list[float] = []
    assert list(told(range(1000), 500, done.append)) == list(range(1000))
    assert done == [0.512, 1.0, 1.0]
    assert list(told("ab", 0, None)) == ["a", "b"]
