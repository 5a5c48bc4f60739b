"""Models of a hub by name: whatever comes first is trusted, and nothing else afterwards.

A name on a hub stands for whatever its owner puts there. On first use the revision and the hash of every file
are recorded; later uses load that revision, offline where it is here, and only if every file is what it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from live_sentiment.core.errors import RunError
from live_sentiment.models.store import integrity

Fetch: TypeAlias = Callable[[str | None, bool], Path]
"""Takes a revision (None: the newest) and whether to keep from the network; gives the folder of its files,
`snapshots/REVISION` in a hub's cache. Raises OSError or ValueError where they cannot be had."""


class PinnedFile(BaseModel):
    """A file as it was on first use."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Path within the model's folder."""
    bytes: int
    sha256: str


class Pin(BaseModel):
    """A model as it was on first use."""

    model_config = ConfigDict(frozen=True)

    name: str
    revision: str
    files: tuple[PinnedFile, ...]


def pinned(name: str, fetch: Fetch, record: Path, *, offline: bool) -> Path:
    """The folder of a hub's model, the same in every byte as on first use.

    Args:
        name: of the model, for people.
        fetch: gets it.
        record: file in which the first use is recorded.
        offline: keep from the network.

    Raises:
        RunError: a file is not what it was, or the first use cannot be recorded.
        OSError, ValueError: the model cannot be had.
    """
    pin = _read(record)
    if pin is None:
        folder = fetch(None, offline)
        _write(record, Pin(name=name, revision=folder.name, files=_files(folder)))
        return folder
    folder = _fetch_again(pin, fetch, offline)
    stamp = record.with_suffix(".verified.json")
    if not integrity.is_stamped(stamp, folder, pin.files):
        wrong = integrity.problems(folder, pin.files)
        if wrong:
            raise RunError(
                f"the model {name} in {folder} is not what it was on first use: {'; '.join(wrong)}. "
                f"Delete {folder.parents[1]} to fetch it again as it was, or, if you trust what is there "
                f"now, {record}"
            )
        integrity.write_stamp(stamp, folder, pin.files)
    return folder


def _fetch_again(pin: Pin, fetch: Fetch, offline: bool) -> Path:
    try:
        folder = fetch(pin.revision, True)
        if offline or all((folder / file.name).is_file() for file in pin.files):
            return folder
    except (OSError, ValueError):
        if offline:
            raise
    return fetch(pin.revision, False)


def _files(folder: Path) -> tuple[PinnedFile, ...]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tuple(
        PinnedFile(
            name=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=integrity.sha256(path)
        )
        for path in paths
    )


def _read(record: Path) -> Pin | None:
    try:
        return Pin.model_validate_json(record.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise RunError(
            f"{record}, the record of a model's first use, cannot be read; delete it to trust what there is"
        ) from error


def _write(record: Path, pin: Pin) -> None:
    text = json.dumps(pin.model_dump(), indent=1) + "\n"
    aside = record.with_suffix(".part")
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        aside.replace(record)
    except OSError as error:
        raise RunError(f"cannot record the first use of {pin.name} in {record}: {error.strerror}") from error
