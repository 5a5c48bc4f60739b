from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.media.fingerprint import PIECE, PIECES, exact_text, source_file


def test_a_small_file_has_the_hash_that_other_programs_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"film" * 1000)
    file = source_file(path)
    assert (file.path, file.size) == (str(path), 4000)
    assert file.hash == f"sha256:{hashlib.sha256(b'film' * 1000).hexdigest()}"
    monkeypatch.chdir(tmp_path)
    assert source_file(Path("../") / tmp_path.name / "clip.mp4") == file


@pytest.mark.parametrize("place", [0, PIECE - 1, 40 << 30, (80 << 30) - 1])
def test_of_a_very_large_one_pieces_are_read_wherever_they_lie(place: int, tmp_path: Path) -> None:
    size = (80 << 30) + 4321
    path = tmp_path / "day.mkv"
    with path.open("wb") as file:
        file.truncate(size)
    before = source_file(path)
    assert before.hash.startswith(f"sha256-{PIECES}x1MiB:")
    # The start of the piece in which, or before which, the place lies.
    step = (size - PIECE) / (PIECES - 1)
    begin = round(place / step) * (size - PIECE) // (PIECES - 1)
    with path.open("r+b") as file:
        file.seek(begin + PIECE // 2)
        file.write(b"x")
    assert source_file(path).hash != before.hash
    assert source_file(path).size == size


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*gone\.mp4"):
        source_file(tmp_path / "gone.mp4")


def test_bytes_that_are_no_text_stay_apart() -> None:
    assert exact_text("caf\udce9.mp4") == "caf\\xe9.mp4"
    assert exact_text("caf\udce8.mp4") != exact_text("caf\udce9.mp4")
    assert exact_text("ключ.mp4") == "ключ.mp4"
