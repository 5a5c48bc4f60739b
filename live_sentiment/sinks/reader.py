"""Reads a timeline file back, also one whose writer was killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_sentiment.errors import UsageError
from live_sentiment.sinks.jsonl import SCHEMA, VERSION


@dataclass(frozen=True, slots=True)
class RecordedTimeline:
    """What a timeline file holds; every line as the fields that docs/timeline.md explains."""

    header: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    """Points, events, episodes and turning points, in the order of the file."""
    end: dict[str, Any] | None
    """The last line; None if the writer was killed before it."""

    @property
    def points(self) -> tuple[dict[str, Any], ...]:
        """The ticks, in time order."""
        return self.of("point")

    def of(self, kind: str) -> tuple[dict[str, Any], ...]:
        """The lines of one type: "point", "event", "episode" or "turning_point"."""
        return tuple(line for line in self.lines if line["type"] == kind)


def read_timeline(path: Path) -> RecordedTimeline:
    """Read a timeline file. A half-written last line, as `kill -9` may leave it, is passed over.

    Raises:
        UsageError: no such file, not a timeline, damaged, or written by a newer version.
    """
    header, *body = timeline_lines(path)
    end = body.pop() if body and body[-1]["type"] == "end" else None
    return RecordedTimeline(header, tuple(body), end)


def timeline_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a timeline file one by one, the header first, so that a day of it needs no more memory.

    Raises:
        UsageError: (while iterating) as `read_timeline`.
    """
    lines = _objects(path)
    header = next(lines, {})
    if header.get("schema") != SCHEMA:
        raise UsageError(f"{path} is not a timeline that live-sentiment wrote")
    version = header.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise UsageError(
            f"{path} has timeline version {version}, this program reads up to {VERSION}; "
            "update live-sentiment"
        )
    yield header
    yield from lines


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                # Only what a newline ends was written whole.
                if line.endswith(b"\n"):
                    yield _object(line, f"{path} is damaged or not a timeline: line {number}")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error


def _object(line: bytes, otherwise: str) -> dict[str, Any]:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{otherwise} is no JSON") from error
    if not isinstance(fields, dict) or "type" not in fields:
        raise UsageError(f"{otherwise} has no type")
    return fields
