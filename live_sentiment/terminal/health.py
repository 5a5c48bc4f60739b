"""What happened in the session and how its streams stand."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.runtime.snapshot import Snapshot, StreamHealth
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import ALERT, QUIET, clock, said

LABEL = 8
"""Cells for the name of a row."""
ROOM_FOR_NEWS = 2
"""Lines that are kept for events where models and files have a line each."""
OLD_S = 10.0
"""Anything that has waited longer is shown as a problem."""


def health(snapshot: Snapshot, width: int, height: int, *, about: bool = True) -> list[Text]:
    """At most `height` lines of `width` cells: a failure, the latest events; streams, models, files."""
    last = _about(snapshot, height - 1) if about else []
    story = [Text.assemble((clock(e.time_s).ljust(8), QUIET), said(e)) for e in snapshot.events]
    if snapshot.failure:
        story.append(Text(printable(snapshot.failure), style=ALERT))
    # News come first; at least one line is theirs while there is any.
    room = max(height - len(last), 1)
    lines = [*story[-room:], *last][:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines or [Text("no events", style=QUIET)]


def brief_health(snapshot: Snapshot, width: int) -> list[Text]:
    """How the streams stand and which models work, in one line of `width` cells, or in none."""
    line = Text("   ").join(part for part in (_streams(snapshot, ""), _models(snapshot, "")) if part)
    line.truncate(width, overflow="ellipsis")
    return [line] if line else []


def _about(snapshot: Snapshot, height: int) -> list[Text]:
    """What does not change; with a line for each model and file where there is room, and room for news."""
    models = [printable(f"{part} {model}") for part, model in snapshot.models.items()]
    files = [printable(str(path)) for path in snapshot.outputs]
    streams = [line] if (line := _streams(snapshot)) else []
    if len(streams) + len(models) + len(files) <= height - ROOM_FOR_NEWS:
        return [*streams, *_listed("models", models), *_listed("files", files)]
    joined = (_models(snapshot), *_listed("files", ["  ".join(files)] if files else []))
    return [*streams, *(line for line in joined if line)]


def _listed(label: str, items: list[str]) -> list[Text]:
    labels = [label, *[""] * len(items)]
    return [
        Text.assemble((name.ljust(LABEL), QUIET), item) for name, item in zip(labels, items, strict=False)
    ]


def _streams(snapshot: Snapshot, label: str = "streams ") -> Text | None:
    if not snapshot.streams:
        return None
    line = Text.assemble((label, QUIET))
    for number, stream in enumerate(snapshot.streams):
        line.append("  " if number else "")
        line.append_text(_stream(stream))
    return line


def _stream(stream: StreamHealth) -> Text:
    lost = sum(stream.dropped.values())
    text = Text.assemble(
        (f"{stream.name} {stream.depth}", ""),
        (f" {stream.age_s:.1f} s", ALERT if stream.age_s > OLD_S else QUIET),
    )
    if lost:
        causes = ", ".join(f"{count} {cause}" for cause, count in stream.dropped.items() if count)
        text.append(f" lost {lost} ({causes})", style=ALERT)
    return text


def _models(snapshot: Snapshot, label: str = "models  ") -> Text | None:
    if not snapshot.models:
        return None
    named = " · ".join(f"{part} {model}" for part, model in snapshot.models.items())
    return Text.assemble((label, QUIET), printable(named))
