"""A text file that holds whole pieces only, even when the disk fills up or the process is killed."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.sinks.atomic import OWNER_ONLY_FOLDER, create_file


def make_folder(folder: Path) -> None:
    """Make a folder for results, for its owner only, unless it is there.

    Raises:
        UsageError: it cannot be made.
    """
    try:
        folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder {folder}: {error.strerror}; choose another --output"
        ) from error


class PieceFile:
    """Appends pieces of text, each handed to the system at once.

    A killed process leaves at most the last piece incomplete. A piece that does not fit on the disk is taken
    back, so that the file ends with the piece before it. A file or link of that name is replaced.

    Raises:
        UsageError: the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0
        try:
            # Unbuffered: what `write` has returned from is out of this process.
            self._file = create_file(path)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}; choose another --output") from error

    @property
    def closed(self) -> bool:
        """Whether nothing more will be written."""
        return self._file.closed

    def write(self, piece: str, kept: str) -> None:
        """Append a piece; `kept` says, in case of failure, what the file holds without it.

        Raises:
            RunError: the disk is full or gone; the file is closed and ends with the piece before.
        """
        data = piece.encode("utf-8")
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._take_back()
            raise RunError(self._explain(error, kept)) from error
        self._size += len(data)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()

    def _take_back(self) -> None:
        # A failing disk may refuse even this; readers pass over an incomplete last piece.
        with contextlib.suppress(OSError):
            self._file.truncate(self._size)
        with contextlib.suppress(OSError):
            self._file.close()

    def _explain(self, error: OSError, kept: str) -> str:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return (
                f"no space left for {self.path}: it keeps {kept}; "
                "free some space or choose another --output, and run again"
            )
        return f"cannot write {self.path} any more ({error.strerror}): it keeps {kept}"
