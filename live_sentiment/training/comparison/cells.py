"""The cells of a table, each kept when it is done: an interrupted comparison goes on where it stopped.

A cell is a JSON file named by what it is of and by a hash of all that it depends on. Other settings, other
data or another edition of the code that computes it make another file, so nothing stale is ever read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.sinks.atomic import replace_file

Figures: TypeAlias = dict[str, Any]
"""Numbers by name, nested as needed; what JSON holds."""


class Cells:
    """A folder of cells.

    Args:
        folder: made when needed.
        fresh: compute every cell anew, and put it in the place of what was kept.
    """

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self._folder, self._fresh = folder, fresh

    def get(self, name: str, depends_on: Mapping[str, Any], make: Callable[[], Figures]) -> Figures:
        """The figures of a cell, computed by `make` unless they are kept.

        Args:
            name: for people, and the beginning of the file's name.
            depends_on: everything that decides the figures: settings, seed, fingerprints of data and weights.
            make: computes them.

        Raises:
            UsageError: the folder cannot be made.
            RunError: the disk is full.
        """
        key = json.dumps(depends_on, sort_keys=True, default=str)
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        slug = "".join(one if one.isalnum() else "-" for one in name.lower())
        file = self._folder / f"{slug}-{digest}.json"
        if not self._fresh and (kept := _read(file)) is not None:
            return kept
        found = make()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot keep results in {self._folder}: {error.strerror}") from error
        told = json.dumps({"cell": name, "depends_on": json.loads(key), "figures": found}, indent=1)
        try:
            replace_file(file, f"{told}\n".encode())
        except OSError as error:
            raise RunError(f"cannot keep results in {file}: {error.strerror}") from error
        # As it will be read the next time: keys are strings, tuples are lists.
        figures: Figures = json.loads(told)["figures"]
        return figures


def _read(file: Path) -> Figures | None:
    """The figures of a whole cell; None where there is none, or a damaged one."""
    try:
        figures: Figures = json.loads(file.read_text(encoding="utf-8"))["figures"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return figures
