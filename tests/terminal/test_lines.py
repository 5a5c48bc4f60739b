"""Progress in a log: few lines, each with something new."""

from __future__ import annotations

from dataclasses import replace

from live_sentiment.core.types import Event
from live_sentiment.runtime.snapshot import Snapshot, State
from live_sentiment.terminal.lines import ProgressLines

START = Snapshot("clip.mp4", "starting", duration_s=100.0, real_time_factor=0.5)


def at(position_s: float, state: State = "running", **changes: object) -> Snapshot:
    changed = {"position_s": position_s, "elapsed_s": position_s / 2, **changes}
    return replace(START, state=state, **changed)  # type: ignore[arg-type]


def tell(*snapshots: Snapshot) -> list[str]:
    lines = ProgressLines()
    return [line for snapshot in snapshots for line in lines.news(snapshot)]


def test_a_whole_run_is_a_line_a_tenth():
    told = tell(START, *(at(t / 4) for t in range(1, 400)), at(100.0, "finished"))
    assert len(told) == 10
    assert told[4] == "clip.mp4: 0:50 of 1:40, 50 %, RTF 0.50 (2.0×), 25 s left"
    assert told[-1] == "clip.mp4: finished, RTF 0.50 (2.0×)"


def test_a_quick_run_is_its_last_line():
    quick = [at(t, elapsed_s=t / 50) for t in range(1, 100)]
    assert tell(START, *quick, at(100.0, "finished")) == ["clip.mp4: finished, RTF 0.50 (2.0×)"]


def test_without_a_length_there_is_a_line_a_minute():
    told = tell(*(at(float(t), duration_s=None, real_time_factor=None) for t in range(300)))
    assert told == [f"clip.mp4: {m}:00" for m in range(1, 5)]


def test_events_are_told_once_and_forgotten_with_the_snapshot():
    events = tuple(Event(float(n), "gap", f"gap {n}") for n in range(3))
    lines = ProgressLines()
    assert list(lines.news(at(1.0, events=events[:2]))) == ["0:00 gap 0", "0:01 gap 1"]
    assert list(lines.news(at(2.0, events=events[1:]))) == ["0:02 gap 2"]
    assert list(lines.news(at(3.0, events=events[1:]))) == []


def test_a_failure_says_why():
    assert tell(at(1.0, "failed", failure="the disk\nis full")) == ["clip.mp4: failed, the disk�is full"]
