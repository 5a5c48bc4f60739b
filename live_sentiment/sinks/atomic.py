"""Replacing a file so that whoever reads it finds the old one or the new one, never half of either.

What is written aside is made under a name that did not exist and cannot be foreseen, and then takes the name
it is meant for: a link of either name is never followed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

OWNER_ONLY = 0o600
"""What a session records and what is made from it: for the eyes of whoever recorded it."""
OWNER_ONLY_FOLDER = 0o700
BY_UMASK = 0o666
"""For whomever the system's settings say."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_LEFT_OVER = re.compile(r"\.[0-9a-f]{8}\.part(\.\w+)?")


def create_file(path: Path, *, mode: int = OWNER_ONLY) -> BinaryIO:
    """Make an empty file, in the place of a file or link of that name, and open it for unbuffered writing.

    Raises:
        OSError: a folder, pipe or device has that name, or it cannot be made.
    """
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat().st_mode
        if stat.S_ISREG(found) or stat.S_ISLNK(found):
            path.unlink()
    return cast(BinaryIO, os.fdopen(os.open(path, _CREATE, mode), "wb", buffering=0))


@contextlib.contextmanager
def written_aside(path: Path, *, mode: int) -> Iterator[Path]:
    """Give an empty file beside `path`, of the same ending, that takes the place of `path` at the end.

    After an exception, also Ctrl-C, nothing is left of it, and a file that was there stays as it was.

    Raises:
        OSError: the disk is full or gone, or the folder cannot be written.
    """
    aside = path.with_name(f".{secrets.token_hex(4)}.part{path.suffix}")
    os.close(os.open(aside, _CREATE, mode))
    try:
        yield aside
        aside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes | Iterable[bytes], *, mode: int = BY_UMASK) -> None:
    """Write a file beside the old one, make sure that it is on the disk, and put it in its place.

    Raises:
        OSError: the disk is full or gone; the old file stays as it is.
    """
    with written_aside(path, mode=mode) as aside, aside.open("wb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
        file.flush()
        os.fsync(file.fileno())


def left_over(folder: Path) -> list[Path]:
    """What killed processes had begun to write aside in this folder."""
    return sorted(path for path in folder.iterdir() if _LEFT_OVER.fullmatch(path.name))
