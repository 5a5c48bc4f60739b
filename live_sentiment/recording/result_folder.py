"""Folders of results: whose result lies there already, so that none ever takes the place of another's."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import chain, count
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.recording.paths import TIMELINE

_LONGEST_HEADER = 1 << 20


def choose_folder(output: Path, names: Sequence[str], source: str, taken: Collection[Path]) -> Path:
    """The folder in `output` that holds the result of this very source, or else the first that holds none.

    Args:
        output: holds a folder for each source.
        names: in order of preference; behind them come the first one with -2, -3 and so on.
        source: path of the source, as in a timeline's header.
        taken: folders that belong to others in any case.
    """
    free: Path | None = None
    numbered = (f"{names[0]}-{number}" for number in count(2))
    for place, name in enumerate(chain(names, numbered)):
        folder = output / name
        if folder in taken:
            continue
        whose = holder(folder)
        if whose == source:
            return folder
        if whose is None and free is None:
            free = folder
        if free is not None and place >= len(names) and not folder.exists():
            break
    assert free is not None
    return free


def check_folder(folder: Path, source: str) -> None:
    """Make sure that a folder holds no result, or that of this source.

    Raises:
        UsageError: it holds the result of something else.
    """
    whose = holder(folder)
    if whose not in {None, source}:
        raise UsageError(
            f"{folder} holds the results of {whose or 'something else'}; "
            "choose another --output, or move them away"
        )


def holder(folder: Path) -> str | None:
    """Path of the source whose result lies in a folder; "" if that is not known, None if there is no result.

    A timeline without one whole line, as a process leaves it that was killed at once, is no result.
    """
    timeline = folder / TIMELINE
    try:
        if not timeline.is_file():
            return "" if timeline.exists() or timeline.is_symlink() else None
        with timeline.open("rb") as file:
            line = file.readline(_LONGEST_HEADER)
        if not line.endswith(b"\n"):
            return None if len(line) < _LONGEST_HEADER else ""
        source = json.loads(line)["source"]
        return str(source.get("path") or "")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
