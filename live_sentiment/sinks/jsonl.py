"""The timeline as JSON Lines; docs/timeline.md explains it and timeline.schema.json checks it.

The file holds finals only and nothing of the clock on the wall: the same input gives the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from live_sentiment.core.types import Event, TimelinePoint
from live_sentiment.sinks.fields import event_fields, point_fields, seconds, segment_fields
from live_sentiment.sinks.file import PieceFile
from live_sentiment.sinks.protocol import Sink
from live_sentiment.timeline.timeline import Segment

SCHEMA = "live-sentiment/timeline"
VERSION = 1
"""Raised when a reader of the version before would misunderstand a file; new fields alone do not raise it."""


class TimelineWriter(Sink):
    """Writes points, events, episodes and turning points, one line each, as they become final.

    Args:
        path: the file; one that is there is replaced.
        header: what the first line says of the session (source, models, settings); nothing that changes from
            run to run.

    Raises:
        UsageError: the file cannot be created.
        RunError: (from any method) the disk is full; what was written stays intact.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self._file = PieceFile(path)
        self._last_s = 0.0
        self._counts = Counter[str]()
        self._write({"type": "header", "schema": SCHEMA, "version": VERSION, **header})

    def point(self, point: TimelinePoint) -> None:
        """Write a final tick; provisional ones are passed over."""
        if point.final:
            self._write(point_fields(point))
            self._last_s = point.time_s

    def segment(self, segment: Segment) -> None:
        """Write an episode or a turning point."""
        self._write(segment_fields(segment))

    def event(self, event: Event) -> None:
        """Write an event."""
        self._write(event_fields(event))

    def close(self, *, complete: bool) -> None:
        """Write the last line, which counts the lines before it, and close the file."""
        self._write(end_fields(self._last_s, self._counts, complete=complete))
        self._file.close()

    def _write(self, fields: Mapping[str, Any]) -> None:
        if self._file.closed:
            return
        self._file.write(line_of(fields), kept=f"everything up to {self._last_s:.2f} s")
        self._counts[fields["type"]] += 1


def end_fields(last_s: float, lines: Mapping[str, int], *, complete: bool) -> dict[str, Any]:
    """The fields of the last line: the time of the last point, and how many lines of each type there are."""
    counts = {f"{kind}s": lines.get(kind, 0) for kind in ("point", "episode", "turning_point", "event")}
    return {"type": "end", "time": seconds(last_s), "complete": complete, **counts}


def line_of(fields: Mapping[str, Any]) -> str:
    """A line of the file."""
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"
