"""Telling a closed Matroska file from an open one by its first bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.recording.remux import close_recording, holds_anything, is_closed

HEADER = bytes.fromhex("1a45dfa3 84 00000000")
SEGMENT = bytes.fromhex("18538067")


def written(folder: Path, data: bytes) -> Path:
    path = folder / "media.mkv"
    path.write_bytes(data)
    return path


def size_field(value: int, length: int) -> bytes:
    """A size as EBML writes it (RFC 8794): the length in unary, then the value."""
    return (value | 1 << 7 * length).to_bytes(length, "big")


@pytest.mark.parametrize("length", range(1, 9))
def test_a_segment_that_knows_its_size_and_has_it_is_closed(tmp_path, length):
    segment = HEADER + SEGMENT + size_field(100, length)
    assert is_closed(written(tmp_path, segment + bytes(100)))
    assert not is_closed(written(tmp_path, segment + bytes(99)))
    unknown = size_field((1 << 7 * length) - 1, length)
    assert not is_closed(written(tmp_path, HEADER + SEGMENT + unknown + bytes(500)))


@pytest.mark.parametrize("kept", range(1, 14))
def test_a_file_that_ends_in_its_header_is_not_closed(tmp_path, kept):
    path = written(tmp_path, (HEADER + SEGMENT + size_field(100, 8))[: 4 + kept])
    assert not is_closed(path)
    assert not holds_anything(path)


def test_other_files_are_told_apart(tmp_path):
    assert not is_closed(written(tmp_path, b""))
    with pytest.raises(UsageError, match="no Matroska file"):
        is_closed(written(tmp_path, b"RIFF....WAVE"))
    with pytest.raises(UsageError, match="cannot read"):
        is_closed(tmp_path / "missing.mkv")


def test_what_cannot_be_opened_is_left_as_it_is(tmp_path):
    path = written(tmp_path, HEADER + SEGMENT + size_field(100, 8) + bytes(50))
    before = path.read_bytes()
    with pytest.raises(RunError, match="left as it is"):
        close_recording(path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"media.mkv": before}
