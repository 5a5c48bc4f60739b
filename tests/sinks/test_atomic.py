"""A file that is replaced is there as a whole, before and after."""

from __future__ import annotations

import pytest

from live_sentiment.sinks import atomic
from live_sentiment.sinks.atomic import replace_file


def test_the_new_takes_the_place_of_the_old(tmp_path):
    for data in (b"old", b"new"):
        replace_file(tmp_path / "record.json", data)
        assert (tmp_path / "record.json").read_bytes() == data
    assert len(list(tmp_path.iterdir())) == 1


def test_a_full_disk_leaves_the_old_one_alone(tmp_path, monkeypatch):
    replace_file(tmp_path / "record.json", b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "record.json", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
