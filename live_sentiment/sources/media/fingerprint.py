"""Which file a result was made of: path, size, and a hash that costs as little for a day as for a minute."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.errors import UsageError

PIECES, PIECE = 16, 1 << 20
"""A file larger than these pieces together is hashed by them alone: the first and last MiB, 14 between."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as the header of a timeline knows it."""

    path: str
    """Absolute, so that it does not depend on where the program was started; links in it are not followed."""
    size: int
    """In bytes."""
    hash: str
    """`sha256:…` of the whole file; of more than 16 MiB `sha256-16x1MiB:…`, of pieces evenly spaced."""


def source_file(path: Path) -> SourceFile:
    """Look at a file; reads 16 MiB of it at most, so that no first result has to wait for a hash.

    Raises:
        UsageError: it cannot be read.
    """
    digest, name = hashlib.sha256(), "sha256"
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= PIECES * PIECE:
                digest.update(file.read())
            else:
                name = f"sha256-{PIECES}x1MiB"
                for number in range(PIECES):
                    file.seek(number * (size - PIECE) // (PIECES - 1))
                    digest.update(file.read(PIECE))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return SourceFile(source_path(path), size, f"{name}:{digest.hexdigest()}")


def source_path(path: Path) -> str:
    """The path of a source as it stands in headers, see `SourceFile.path`."""
    return exact_text(os.path.abspath(path))  # noqa: PTH100 (Path has none that drops ".." without a look)


def exact_text(path: str | Path) -> str:
    """A path as text that every program can read: bytes that are not UTF-8 are written `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
