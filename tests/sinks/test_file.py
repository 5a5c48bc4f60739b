"""Folders for results."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sinks.file import make_folder


def test_folders_are_made(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="choose another --output"):
        make_folder(tmp_path / "file")
