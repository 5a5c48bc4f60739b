"""Writing a text file whole or not at all, its folder included."""

from __future__ import annotations

from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.export.writing import whole_file
from live_sentiment.sinks.atomic import BY_UMASK


def write_text(file: Path, text: str) -> None:
    """Write a text, replacing a file that is there.

    Raises:
        UsageError: it cannot be written there.
        RunError: the disk is full.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    with whole_file(file, mode=BY_UMASK) as aside:
        aside.write_text(text, encoding="utf-8")
