"""Is a folder the model that the manifest describes? Hashed in full once, then recognised by a stamp.

The stamp records where the folder lies and the size, modification time and SHA-256 of every file at the
moment it was hashed. A start with a warm cache compares sizes and times and reads nothing; what differs is
hashed again. That finds truncation, a mix-up, and a file that was exchanged or written to. It does not find
bits that rot on the disk, and is no defence against someone who may write to the cache folder and wants to
deceive: they could write the stamp too. What comes from outside is always hashed in full before it enters the
cache, and `live-sentiment models verify` always hashes everything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol


class Described(Protocol):
    """A file as it has to be."""

    @property
    def name(self) -> str:
        """Path within the folder."""

    @property
    def bytes(self) -> int:
        """Its size."""

    @property
    def sha256(self) -> str:
        """Its hash, in hexadecimal."""


def sha256(file: Path) -> str:
    """Hex SHA-256 of a file.

    Raises:
        OSError: the file cannot be read.
    """
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_all(files: Sequence[Path]) -> str:
    """SHA-256 of a single file's content, in hexadecimal; of several, the SHA-256 of theirs in order."""
    digests = [sha256(file) for file in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def problems(folder: Path, files: Iterable[Described]) -> list[str]:
    """What is wrong with a folder, one phrase per file; every byte is read. Empty: it is the model."""
    found = []
    for file in files:
        path = folder / file.name
        try:
            size = path.stat().st_size
            if size != file.bytes:
                found.append(f"{file.name} has {size} bytes instead of {file.bytes}")
            elif (digest := sha256(path)) != file.sha256:
                found.append(f"{file.name} has the SHA-256 {digest[:12]}… instead of {file.sha256[:12]}…")
        except FileNotFoundError:
            found.append(f"{file.name} is missing")
        except OSError as error:
            found.append(f"{file.name} cannot be read ({error.strerror})")
    return found


def is_stamped(stamp: Path, folder: Path, files: Iterable[Described]) -> bool:
    """Whether the stamp vouches for this folder as it is now and for the hashes of this manifest."""
    try:
        return bool(json.loads(stamp.read_text(encoding="utf-8")) == _state(folder, files))
    except (OSError, ValueError):
        return False


def write_stamp(stamp: Path, folder: Path, files: Iterable[Described]) -> None:
    """Vouch for a folder that has just been hashed.

    In a cache that cannot be written there is no stamp, and the next start hashes again.
    """
    with contextlib.suppress(OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=stamp.parent, prefix=stamp.name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(_state(folder, files), stream, indent=1)
        Path(temporary).replace(stamp)


def remove_stamp(stamp: Path) -> None:
    """Trust a folder no longer."""
    with contextlib.suppress(OSError):
        stamp.unlink(missing_ok=True)


def _state(folder: Path, files: Iterable[Described]) -> dict[str, Any]:
    state: dict[str, Any] = {"folder": str(folder.resolve())}
    for file in files:
        status = (folder / file.name).stat()
        state[file.name] = [status.st_size, status.st_mtime_ns, file.sha256]
    return state
