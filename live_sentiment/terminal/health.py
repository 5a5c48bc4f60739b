"""What happened in the session and how its streams stand."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.snapshot import Snapshot, StreamHealth
from live_sentiment.terminal.theme import ALERT, QUIET, clock, printable, said

OLD_S = 10.0
"""Anything that has waited longer is shown as a problem."""


def health(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """At most `height` lines of `width` cells: a failure, the latest events, streams, models, files."""
    about = [line for line in (_streams(snapshot), _models(snapshot), _outputs(snapshot)) if line]
    story = [Text.assemble((clock(e.time_s).ljust(8), QUIET), said(e)) for e in snapshot.events]
    if snapshot.failure:
        story.append(Text(printable(snapshot.failure), style=ALERT))
    # News come first; at least one line is theirs while there is any.
    room = max(height - len(about), 1)
    lines = [*story[-room:], *about][:height]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines or [Text("no events", style=QUIET)]


def _streams(snapshot: Snapshot) -> Text | None:
    if not snapshot.streams:
        return None
    line = Text.assemble(("streams ", QUIET))
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


def _models(snapshot: Snapshot) -> Text | None:
    if not snapshot.models:
        return None
    named = " · ".join(f"{part} {model}" for part, model in snapshot.models.items())
    return Text.assemble(("models  ", QUIET), named, (f" · on {snapshot.device}" if snapshot.device else ""))


def _outputs(snapshot: Snapshot) -> Text | None:
    if not snapshot.outputs:
        return None
    return Text.assemble(("files   ", QUIET), "  ".join(printable(str(path)) for path in snapshot.outputs))
