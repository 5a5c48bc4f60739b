"""The dashboard in one line, for terminals too small for panels."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.terminal.header import part_done
from live_sentiment.terminal.live_status import notices
from live_sentiment.terminal.points import confidence, heard_of, polarity
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import (
    ALERT,
    EMOTION_COLOURS,
    POLARITY_COLOURS,
    QUIET,
    clock,
    percent,
    signed,
)


def compact(snapshot: Snapshot, width: int) -> Text:
    """One line of at most `width` cells, the most important first."""
    if snapshot.failure:
        line = Text(printable(snapshot.failure), style=ALERT)
    else:
        line = _felt(snapshot)
        if snapshot.live is not None and (notice := notices(snapshot.live)):
            line.append("  ").append_text(notice)
        done = part_done(snapshot)
        line.append(f"  {clock(snapshot.position_s)}")
        line.append(f" {percent(done)}" if done is not None else "")
        line.append(f"  {printable(snapshot.source)}", style=QUIET)
    line.truncate(width, overflow="ellipsis")
    return line


def _felt(snapshot: Snapshot) -> Text:
    point = snapshot.latest
    if point is None:
        return Text(snapshot.state, style=QUIET)
    if not heard_of(point):
        return Text("nobody seen or heard", style=QUIET)
    leaning, _ = polarity(point)
    return Text.assemble(
        (point.emotion, f"bold {EMOTION_COLOURS[point.emotion]}"),
        f" {percent(confidence(point))}  ",
        (leaning, POLARITY_COLOURS[leaning]),
        f" {signed(point.affect.valence)}",
    )
