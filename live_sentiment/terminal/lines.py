"""Progress for logs and pipes: few plain lines, without colours and control codes."""

from __future__ import annotations

from collections.abc import Iterator

from live_sentiment.runtime.snapshot import LiveHealth, Snapshot
from live_sentiment.terminal.header import part_done, speed, time_left_s
from live_sentiment.terminal.live_status import size
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import clock, percent, said, span

STEPS = 10
"""Lines for a whole source whose length is known."""
STEP_S = 60.0
"""Session time between two lines where it is not known."""
APART_S = 5.0
"""Time on the wall between two lines: short clips have none but their last."""


class ProgressLines:
    """Says what is new since it was last asked."""

    def __init__(self) -> None:
        self._step = 0
        self._told_s = 0.0
        self._state: str | None = None
        self._told: set[tuple[float, str]] = set()

    def news(self, snapshot: Snapshot) -> Iterator[str]:
        """The lines to print now; mostly none."""
        for event in snapshot.events:
            if (key := (event.time_s, event.message)) not in self._told:
                yield f"{clock(event.time_s)} {said(event)}"
                self._told.add(key)
        self._told &= {(event.time_s, event.message) for event in snapshot.events}
        if snapshot.state == "running":
            step = _step(snapshot)
            if step > self._step and snapshot.elapsed_s - self._told_s >= APART_S:
                self._step, self._told_s = step, snapshot.elapsed_s
                yield _progress(snapshot)
        elif snapshot.state not in {self._state, "starting"}:
            how = snapshot.failure or speed(snapshot)
            yield f"{printable(snapshot.source)}: {snapshot.state}" + (f", {printable(how)}" if how else "")
        self._state = snapshot.state


def _step(snapshot: Snapshot) -> int:
    done = part_done(snapshot)
    return int(snapshot.position_s // STEP_S) if done is None else int(done * STEPS)


def _progress(snapshot: Snapshot) -> str:
    done, left_s = part_done(snapshot), time_left_s(snapshot)
    of = f" of {clock(snapshot.duration_s)}" if snapshot.duration_s is not None else ""
    figures = [
        f"{clock(snapshot.position_s)}{of}",
        percent(done).strip() if done is not None else "",
        speed(snapshot),
        f"{span(left_s)} left" if left_s is not None else "",
        *(_live(snapshot.live) if snapshot.live is not None else ()),
    ]
    return f"{printable(snapshot.source)}: " + ", ".join(figure for figure in figures if figure)


def _live(health: LiveHealth) -> Iterator[str]:
    yield f"lag {health.lag_s:.1f} s (p95 {health.provisional_lag_s[1]:.1f} s)"
    if health.real_time_factor is not None:
        yield f"RTF {health.real_time_factor:.2f}"
    for device in health.devices:
        if device.state != "running":
            yield f"{device.device} {device.state}"
        elif device.device == "camera":
            yield f"{device.rate_hz:.1f} fps"
    if health.recording is not None and health.recording.stopped is None:
        yield f"{size(health.recording.bytes_written)} kept"
    if health.lowered:
        yield f"to keep up: {', '.join(map(printable, health.lowered))}"
