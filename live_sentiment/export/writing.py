"""Writing a file whole or not at all, whatever library writes it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.sinks.atomic import OWNER_ONLY, written_aside

_Item = TypeVar("_Item")
_STEP = 256
"""Items between two reports of progress."""


@contextlib.contextmanager
def whole_file(path: Path, *, mode: int = OWNER_ONLY) -> Iterator[Path]:
    """As `written_aside`, with errors for people: what is made from a session is for its owner only.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full or gone.
    """
    try:
        with written_aside(path, mode=mode) as aside:
            yield aside
    except OSError as error:
        raise _explained(error, path) from error


def told(items: Iterable[_Item], count: int, progress: Callable[[float], None] | None) -> Iterator[_Item]:
    """The items, while `progress` is told how many of `count` have gone by."""
    for number, item in enumerate(items, start=1):
        yield item
        if progress is not None and number % _STEP == 0:
            progress(min(number / max(count, 1), 1.0))


def _explained(error: OSError, path: Path) -> UsageError | RunError:
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EISDIR, errno.ENOTDIR}:
        return UsageError(f"cannot write {path}: {error.strerror}; choose another folder with --output DIR")
    return RunError(f"cannot write {path}: {error.strerror or error}; free some space and export again")
