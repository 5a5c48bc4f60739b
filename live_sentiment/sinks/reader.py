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
    lines = _objects(path)
    header = next(lines, {})
    if header.get("schema") != SCHEMA:
        raise UsageError(f"{path} is not a timeline that live-sentiment wrote")
    if header.get("version", 0) > VERSION:
        raise UsageError(
            f"{path} has timeline version {header['version']}, this program reads up to {VERSION}; "
            "update live-sentiment"
        )
    body = list(lines)
    end = body.pop() if body and body[-1]["type"] == "end" else None
    return RecordedTimeline(header, tuple(body), end)


def _objects(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    # Only what a newline ends was written whole.
    for number, line in enumerate(text.split(b"\n")[:-1], start=1):
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path} is damaged or not a timeline: line {number} is no JSON") from error
        if not isinstance(fields, dict) or "type" not in fields:
            raise UsageError(f"{path} is damaged or not a timeline: line {number} has no type")
        yield fields
