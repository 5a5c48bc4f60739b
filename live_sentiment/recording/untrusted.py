"""Reading the files of a session's folder, which may come from somebody else.

A name in it may be a link to anything, a pipe that never ends, a folder, or larger than memory. Only regular
files are read, links are not followed, and nothing is read beyond a bound. Links on the way to the folder are
the reader's own and do no harm.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from live_sentiment.core.errors import UsageError

# Without O_NONBLOCK, opening a pipe waits for whoever writes into it. Windows has neither.
_EBML = bytes.fromhex("1a45dfa3")
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_to_read(path: Path, most_bytes: int | None) -> BinaryIO:
    """Open a regular file of at most so many bytes; None is any number.

    Raises:
        UsageError: it is missing, a link, no regular file, too large, or cannot be read.
    """
    check_regular(path, most_bytes)
    try:
        descriptor = os.open(path, _READ)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    try:
        _check(path, os.fstat(descriptor), most_bytes)  # what was opened may be another file by now
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_whole(path: Path, most_bytes: int) -> bytes:
    """The bytes of such a file.

    Raises:
        UsageError: as `open_to_read`.
    """
    with open_to_read(path, most_bytes) as file:
        try:
            return file.read(most_bytes)
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from error


def check_regular(path: Path, most_bytes: int | None = None) -> None:
    """Make sure of the same before a library opens the file by its name.

    Raises:
        UsageError: as `open_to_read`.
    """
    try:
        found = path.lstat()
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error
    _check(path, found, most_bytes)


def check_recording(path: Path) -> None:
    """Make sure of the same, and that it is Matroska, not a list of other files that FFmpeg would go after.

    Raises:
        UsageError: as `open_to_read`, or it is something else.
    """
    with open_to_read(path, None) as file:
        if file.read(len(_EBML)) != _EBML:
            raise UsageError(f"{path} is no Matroska file")


def is_regular(path: Path) -> bool:
    """Whether there is a regular file of this name, not a link to one."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def is_there(path: Path) -> bool:
    """Whether anything has this name, be it a link to nowhere."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _check(path: Path, found: os.stat_result, most_bytes: int | None) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise UsageError(
            f"cannot read {path}: it is a link, and links in the folder of a session are not followed; "
            "put the file itself in its place"
        )
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, socket or device"
        raise UsageError(f"cannot read {path}: it is {kind}, not a file")
    if most_bytes is not None and found.st_size > most_bytes:
        size, most = found.st_size / 2**20, most_bytes / 2**20
        raise UsageError(
            f"cannot read {path}: it has {size:.0f} MiB; files of its kind are read up to {most:.0f} MiB"
        )
