"""A person looks at a recorded session on a real terminal, before and after its analysis has ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX terminals")

PROGRAM = f"""
import sys, threading
sys.path[:0] = [{str(Path(__file__).parents[2])!r}]
from rich.console import Console
from tests.helpers.story import point
from live_sentiment.console.viewer import viewed
from live_sentiment.runtime.playback import Story
from live_sentiment.runtime.snapshot import Snapshot

class Replay:
    state = "running"
    def snapshot(self):
        return Snapshot("2026-11-21_14-03-07", self.state, duration_s=40.0)

replay, story = Replay(), Story()
for tick in range(1, 161):
    story.point(point(tick / 4, "joy" if tick < 80 else "anger"))
with viewed(replay, story, 0.0, 1.0, Console()):
    ANALYSIS
    replay.state = "finished"
print("summary")
"""


def program(analysis: str) -> str:
    return PROGRAM.replace("ANALYSIS", analysis)


def test_a_session_is_looked_at_after_its_analysis_has_ended() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    with OnTerminal(program("pass")) as terminal:
        terminal.see("analysed to 0:40")
        terminal.type(" ")
        terminal.see("play")
        terminal.type("\x1b[C" * 5)
        terminal.see("0:25 / 0:40")
        terminal.see("anger")
        terminal.type("\x1b[D" * 4)
        terminal.see("0:05 / 0:40")
        terminal.type(" ++++")
        terminal.see("max")
        terminal.see("finished")
        terminal.type("q")
        exit_code, shown = terminal.end()
    assert exit_code == 0
    assert shown.rstrip().endswith("summary")
    assert "the analysis goes on" not in shown


def test_who_leaves_early_lets_the_analysis_go_on() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    until_it_was_left = "viewer = [t for t in threading.enumerate() if t.name == 'viewer'][0]; viewer.join()"
    with OnTerminal(program(until_it_was_left)) as terminal:
        terminal.see("analysed to")
        terminal.type("q")
        terminal.see("the analysis goes on to its end")
        exit_code, shown = terminal.end()
    assert exit_code == 0
    assert "summary" in shown


def test_an_analysis_that_fails_closes_the_viewer() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    with OnTerminal(program("raise SystemExit(1)")) as terminal:
        exit_code, shown = terminal.end()
    assert exit_code == 1
    assert "\x1b[?1049l" in shown
    assert "summary" not in shown


def test_ctrl_c_leaves_both() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    with OnTerminal(program("threading.Event().wait(30)")) as terminal:
        terminal.see("analysed to")
        terminal.type("\x03")
        _, shown = terminal.end()
    assert "KeyboardInterrupt" in shown
    assert "summary" not in shown


WATCHED = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parents[2])!r}]
import numpy as np
from rich.console import Console
from live_sentiment.console.viewer import watched
from live_sentiment.runtime.snapshot import Picture, Snapshot

class Replay:
    state = "running"
    def snapshot(self):
        picture = Picture(np.zeros((48, 64, 3), np.uint8), 1.0)
        return Snapshot("clip.mp4", self.state, duration_s=40.0, picture=picture)

replay = Replay()
with watched(replay, Console()):
    ANALYSIS
    replay.state = "finished"
print("summary")
"""


def test_the_picture_is_shown_while_a_file_is_analysed() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    analysis = "import threading; threading.Event().wait(30)"
    with OnTerminal(WATCHED.replace("ANALYSIS", analysis)) as terminal:
        terminal.see("Ctrl-C")
        terminal.type("v")
        terminal.see("▀▀▀▀")


def test_a_file_is_analysed_to_its_end_and_leaves_its_screen_behind() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    with OnTerminal(WATCHED.replace("ANALYSIS", "pass")) as terminal:
        exit_code, shown = terminal.end()
    assert exit_code == 0
    _, _, after = shown.rpartition("\x1b[?1049l")
    assert "finished" in after
    assert after.rstrip().endswith("summary")
