"""Replacing a file so that whoever reads it finds the old one or the new one, never half of either."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write the new file beside the old one, make sure that it is on the disk, and put it in its place.

    Raises:
        OSError: the disk is full or gone; the old file stays as it is.
    """
    aside = path.with_name(f"{path.name}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
