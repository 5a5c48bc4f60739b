"""Writing a file whole or not at all, whatever library writes it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from live_sentiment.errors import RunError, UsageError

_Item = TypeVar("_Item")
_STEP = 256
"""Items between two reports of progress."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path of the same ending to write to, beside `path`; what was written takes its place at the end.

    After an exception, also Ctrl-C, nothing is left of it, and a file that was there stays as it was.

    Raises:
        UsageError: the folder cannot be written.
        RunError: the disk is full or gone.
    """
    aside = path.with_name(f"{path.stem}.part{path.suffix}")
    try:
        yield aside
        aside.replace(path)
    except OSError as error:
        raise _explained(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


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
