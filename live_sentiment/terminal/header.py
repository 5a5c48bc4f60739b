"""Which source, how far, how fast, how long still."""

from __future__ import annotations

from rich.text import Text

from live_sentiment.runtime.snapshot import LiveHealth, Snapshot
from live_sentiment.terminal.live_status import notices
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import ALERT, BUSY, FRAME, GOOD, QUIET, clock, percent, span

_STATE_STYLES = {"failed": ALERT, "finished": f"bold {GOOD}"}


def header(snapshot: Snapshot, width: int) -> list[Text]:
    """Two lines of `width` cells: source, device and state; progress, or what is out of the ordinary."""
    state = Text.assemble(
        (f"{snapshot.device}  " if snapshot.device else "", QUIET),
        (state_of(snapshot), _STATE_STYLES.get(snapshot.state, "bold")),
    )
    title = Text.assemble(("live-sentiment  ", QUIET), (printable(snapshot.source), "bold"))
    title.truncate(max(width - state.cell_len - 2, 1), overflow="ellipsis")
    title.append(" " * (width - title.cell_len - state.cell_len)).append_text(state)
    if snapshot.live is not None:
        return [title, _passing(snapshot, snapshot.live, width)]
    return [title, _progress(snapshot, width)]


def state_of(snapshot: Snapshot) -> str:
    """The state, for people: a running session may be paused."""
    paused = snapshot.state == "running" and snapshot.live is not None and snapshot.live.paused
    return "paused" if paused else snapshot.state


def part_done(snapshot: Snapshot) -> float | None:
    """How much of the source has been analysed, in [0, 1]; None where its length is not known."""
    if snapshot.state == "finished":
        return 1.0
    if snapshot.duration_s is None:
        return None
    length_s = max(snapshot.duration_s - snapshot.start_s, 1e-9)
    return min(max(snapshot.position_s - snapshot.start_s, 0.0) / length_s, 1.0)


def time_left_s(snapshot: Snapshot) -> float | None:
    """Time on the wall until the end, at the present speed; None where that cannot be known."""
    if snapshot.state != "running" or snapshot.duration_s is None or snapshot.real_time_factor is None:
        return None
    return max(snapshot.duration_s - snapshot.position_s, 0.0) * snapshot.real_time_factor


def speed(snapshot: Snapshot) -> str:
    """The real-time factor, and the same thing as "times as fast"; a live session has none to speak of."""
    factor = None if snapshot.live is not None else snapshot.real_time_factor
    return f"RTF {factor:.2f} ({1 / factor:.1f}×)" if factor else ""


def _progress(snapshot: Snapshot, width: int) -> Text:
    done, left_s = part_done(snapshot), time_left_s(snapshot)
    of = f" / {clock(snapshot.duration_s)}" if snapshot.duration_s is not None else ""
    figures = [
        f"{clock(snapshot.position_s)}{of}",
        percent(done) if done is not None else "",
        f"{span(left_s)} left" if left_s is not None else "",
        speed(snapshot),
    ]
    right = "   ".join(figure for figure in figures if figure)
    room = max(width - len(right) - 2, 0)
    if done is None:
        return Text.assemble(("─" * room, FRAME), "  ", right)
    full = round(done * room)
    return Text.assemble(("━" * full, BUSY), ("─" * (room - full), FRAME), "  ", (right, ""))


def _passing(snapshot: Snapshot, health: LiveHealth, width: int) -> Text:
    """Of a live session: what is out of the ordinary, and how long it has been running."""
    of = f" / {clock(snapshot.duration_s)}" if snapshot.duration_s is not None else ""
    right = f"  {clock(snapshot.elapsed_s)}{of}"
    line = notices(health)
    line.truncate(max(width - len(right) - 1, 1), overflow="ellipsis")
    line.append(" " if line else "")
    line.append("─" * (width - line.cell_len - len(right)), style=FRAME)
    return line.append(right)
