"""Keys of a live session and of a playback: what they do, and what the last line says of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from live_sentiment.runtime.playback import Playback, Playhead, Story
from live_sentiment.runtime.snapshot import LiveHealth, Snapshot
from live_sentiment.terminal.controls import LiveControls, ViewControls
from live_sentiment.terminal.player import PlayerControls
from live_sentiment.terminal.view import View
from tests.helpers.story import point
from tests.helpers.virtual_clock import VirtualClock

RUNNING = Snapshot("camera", "running", live=LiveHealth())


@dataclass
class Told:
    """A session that notes what it is told."""

    what: list[str] = field(default_factory=list)
    time_s: float = 0.0
    marked_s: list[float] = field(default_factory=list)

    def now_s(self) -> float:
        return self.time_s

    def stop(self) -> None:
        self.what.append("stop")

    def mark(self, note: str, at_s: float) -> None:
        self.marked_s.append(at_s)
        self.what.append(f"mark {note!r}")

    def pause(self) -> None:
        self.what.append("pause")

    def switch(self, modality: str) -> None:
        self.what.append(f"switch {modality}")


@pytest.fixture
def live() -> Told:
    return Told()


@pytest.fixture
def controls(live: Told) -> LiveControls:
    return LiveControls(live, View())


def press(controls: LiveControls | PlayerControls, *keys: str) -> None:
    for key in keys:
        controls.press(key)


def foot(controls: LiveControls, snapshot: Snapshot = RUNNING, width: int = 80) -> str:
    return controls.foot(snapshot, width).plain


def test_every_key_does_what_it_says(live: Told, controls: LiveControls) -> None:
    press(controls, "q", "p", "1", "2", "3")
    assert live.what == ["stop", "pause", "switch text", "switch voice", "switch vision"]


def test_other_keys_do_nothing(live: Told, controls: LiveControls) -> None:
    press(controls, "x", "Q", "4", " ", "left", "enter", "escape", "backspace")
    assert live.what == []


def test_the_picture_is_switched_by_a_key_everywhere(live: Told, playback: Playback) -> None:
    view = View()
    snapshot = playback.snapshot()
    for controls in (LiveControls(live, view), PlayerControls(playback, view), ViewControls(view)):
        assert "v picture" in controls.foot(snapshot, 80).plain
        before = view.picture
        controls.press("v")
        assert view.picture is not before
    assert live.what == []
    ViewControls(view).press("q")
    assert view.picture


def test_a_marker_takes_a_note(live: Told, controls: LiveControls) -> None:
    press(controls, "m", *"he smilez", "backspace", "s", "left", "enter")
    assert live.what == ["mark 'he smiles'"]
    press(controls, "m", "enter")
    assert live.what[1:] == ["mark ''"], "a marker needs no note"


def test_a_marker_speaks_of_the_moment_at_which_its_note_was_begun(
    live: Told, controls: LiveControls
) -> None:
    live.time_s = 7.0
    press(controls, "m", *"he smiles")
    live.time_s = 12.0
    press(controls, "enter")
    assert live.marked_s == [7.0]


def test_while_a_note_is_typed_no_key_does_anything_else(live: Told, controls: LiveControls) -> None:
    press(controls, "m", *"qp123m")
    assert live.what == []
    assert foot(controls).startswith("marker: qp123m")
    press(controls, "escape")
    assert live.what == []
    assert foot(controls).startswith("q quit")
    press(controls, "q")
    assert live.what == ["stop"]


def test_the_end_of_a_long_note_stays_in_sight(controls: LiveControls) -> None:
    press(controls, "m", *"begin ", *"漢字 " * 30, *"the end")
    line = controls.foot(RUNNING, 80)
    assert line.cell_len <= 80
    assert "the end" in line.plain
    assert "begin" not in line.plain
    assert "Enter" in line.plain


def test_a_note_has_an_end(live: Told, controls: LiveControls) -> None:
    press(controls, "m", *"x" * 500, "enter")
    assert live.what == [f"mark {'x' * 200!r}"]


def test_the_last_line_says_what_each_key_would_do_now(controls: LiveControls) -> None:
    assert foot(controls) == "q quit  m marker  p pause  v picture  1 text off  2 voice off  3 vision off"
    changed = replace(RUNNING, live=LiveHealth(paused=True, switched_off=("voice",)))
    assert foot(controls, changed, 100) == (
        "q quit   m marker   p go on   v picture   1 text off   2 voice on   3 vision off"
    )


def test_a_session_that_ends_asks_for_patience(controls: LiveControls) -> None:
    press(controls, "m", "a")
    assert "finishing" in foot(controls, replace(RUNNING, state="finishing"))


@pytest.fixture
def playback() -> Playback:
    story = Story()
    for second in range(1, 61):
        story.point(point(float(second)))
    playback = Playback(lambda: replace(RUNNING, live=None), story, Playhead(VirtualClock()))
    playback.snapshot()
    return playback


def test_a_playback_is_steered(playback: Playback) -> None:
    controls = PlayerControls(playback, View())
    press(controls, "right", "right", "left")
    assert playback.snapshot().position_s == 5.0
    press(controls, " ")
    assert not playback.playhead.playing
    press(controls, "+", "=")
    assert playback.playhead.speed == 4.0
    press(controls, "-", "_", "x")
    assert playback.playhead.speed == 1.0
    assert not controls.left.is_set()
    press(controls, "q")
    assert controls.left.is_set()


def test_a_playback_says_how_it_plays(playback: Playback) -> None:
    controls = PlayerControls(playback, View())
    snapshot = playback.snapshot()
    assert controls.foot(snapshot, 80).plain == (
        "▶ 1×  analysed to 1:00   space pause   ←/→ 5 s   +/− speed   v picture   q leave"
    )
    press(controls, " ", *"++++")
    line = controls.foot(replace(snapshot, failure="no space left"), 80).plain
    assert line.startswith("⏸ max")
    assert "failed" in line
    assert "space play" in line
