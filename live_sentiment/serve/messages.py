"""What clients are told: JSON objects, explained in docs/live-api.md, of the schema `schema live` prints.

What the timeline holds too (points, episodes, turning points, events) has the timeline's fields.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, TypeAlias

from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.runtime.snapshot import HISTORY_S, Snapshot
from live_sentiment.sinks.fields import event_fields, point_fields, seconds, segment_fields, word_fields
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.timeline import Segment

SCHEMA = "live-sentiment/live"
VERSION = 1
"""Raised when a client of the version before would misunderstand a message; new fields and types do not."""

Farewell: TypeAlias = Literal["behind", "closing"]
"""Why a client is sent away before the session is over."""

_WHY: Mapping[Farewell, str] = {
    "behind": "this client reads too slowly and is too far behind; connect again to go on with the present",
    "closing": "the server closes",
}


class Message:
    """One message; it is encoded when the first client takes it, on the server's thread.

    Args:
        time_s: the session time it speaks of.
        fields: makes its content.
        passing: it is soon outdated, and may be left out for a client that is slow.
        last: nothing comes after it.
    """

    def __init__(
        self,
        time_s: float,
        fields: Callable[[], dict[str, Any]],
        *,
        passing: bool = False,
        last: bool = False,
    ) -> None:
        self.time_s, self.passing, self.last = time_s, passing, last
        self._fields = fields

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Its content."""
        return self._fields()

    @cached_property
    def text(self) -> str:
        """JSON, on one line, in ASCII: names of files may hold what UTF-8 cannot."""
        return json.dumps(self.fields, allow_nan=False, separators=(",", ":"))

    @property
    def type(self) -> str:
        """Which kind of message it is."""
        return str(self.fields["type"])


def point_message(point: TimelinePoint) -> Message:
    """A tick, provisional or final."""
    return Message(
        point.time_s, lambda: {**point_fields(point), "final": point.final}, passing=not point.final
    )


def words_message(transcript: Transcript) -> Message:
    """What one pass of the transcriber said; passing where nothing in it is for good."""

    def fields() -> dict[str, Any]:
        return {
            "type": "words",
            "time": seconds(transcript.watermark_s),
            "committed": [word_fields(word) for word in transcript.committed],
            "partial": [word_fields(word) for word in transcript.partial],
        }

    return Message(transcript.watermark_s, fields, passing=not transcript.committed)


def segment_message(segment: Segment) -> Message:
    """An episode or a turning point."""
    time_s = segment.end_s if isinstance(segment, Episode) else segment.time_s
    return Message(time_s, lambda: segment_fields(segment))


def event_message(event: Event) -> Message:
    """Something that happened in the session."""
    return Message(event.time_s, lambda: event_fields(event))


def hello_message(snapshot: Snapshot) -> Message:
    """The first message to every client; what it knew of before is void."""
    fields = {
        "type": "hello",
        "schema": SCHEMA,
        "version": VERSION,
        "source": snapshot.source,
        "time": seconds(snapshot.position_s),
        "history": HISTORY_S,
        "models": dict(snapshot.models),
    }
    return Message(snapshot.position_s, lambda: fields)


def lost_message(provisional: int, total: int) -> Message:
    """How many passing messages this client did not get, since it was last told and in all."""
    return Message(0.0, lambda: {"type": "lost", "provisional": provisional, "total": total})


def end_message(time_s: float, *, complete: bool) -> Message:
    """The session is over."""
    return Message(time_s, lambda: {"type": "end", "time": seconds(time_s), "complete": complete}, last=True)


def bye_message(reason: Farewell) -> Message:
    """The client is sent away, though the session goes on."""
    return Message(0.0, lambda: {"type": "bye", "reason": reason, "message": _WHY[reason]}, last=True)
