"""A playhead on a virtual clock, and what is shown at it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.core.types import Event, Transcript
from live_sentiment.runtime.playback import SPEEDS, Playback, Playhead, Story
from live_sentiment.runtime.snapshot import HISTORY_S, Snapshot
from tests.helpers.story import point, word
from tests.helpers.virtual_clock import VirtualClock

FAR_S = 1000.0


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(50.0)


@pytest.fixture
def head(clock: VirtualClock) -> Playhead:
    playhead = Playhead(clock)
    playhead.at(FAR_S)
    return playhead


def test_it_plays_at_the_pace_of_the_recording(clock: VirtualClock, head: Playhead) -> None:
    clock.advance(3.5)
    assert head.at(FAR_S) == pytest.approx(3.5)


def test_an_excerpt_begins_where_it_begins(clock: VirtualClock) -> None:
    head = Playhead(clock, start_s=90.0)
    assert head.at(0.0) == 90.0
    clock.advance(2.0)
    assert head.at(100.0) == pytest.approx(92.0)
    head.seek(-60.0)
    assert head.at(100.0) == 90.0


def test_it_stands_still_while_it_is_paused(clock: VirtualClock, head: Playhead) -> None:
    clock.advance(2.0)
    head.toggle()
    assert not head.playing
    clock.advance(10.0)
    assert head.at(FAR_S) == pytest.approx(2.0)
    head.toggle()
    clock.advance(1.0)
    assert head.at(FAR_S) == pytest.approx(3.0)


def test_it_seeks_back_and_forth_playing_or_not(clock: VirtualClock, head: Playhead) -> None:
    clock.advance(12.0)
    head.seek(-5.0)
    assert head.at(FAR_S) == pytest.approx(7.0)
    head.toggle()
    head.seek(5.0)
    assert head.at(FAR_S) == pytest.approx(12.0)
    head.seek(-50.0)
    assert head.at(FAR_S) == 0.0


def test_it_never_passes_the_analysis_and_waits_for_it(clock: VirtualClock, head: Playhead) -> None:
    head = Playhead(clock)
    head.at(4.0)
    clock.advance(10.0)
    assert head.at(4.0) == 4.0
    head.seek(60.0)
    assert head.at(4.0) == 4.0
    clock.advance(1.0)
    assert head.at(20.0) == pytest.approx(5.0), "it goes on from where it waited and does not catch up"


@pytest.mark.parametrize("speed", SPEEDS)
def test_it_plays_at_every_speed(clock: VirtualClock, speed: float) -> None:
    head = Playhead(clock, speed=speed)
    head.at(FAR_S)
    clock.advance(8.0)
    assert head.at(FAR_S) == pytest.approx(8.0 * speed)


def test_a_change_of_speed_does_not_jump(clock: VirtualClock, head: Playhead) -> None:
    clock.advance(4.0)
    head.faster()
    assert (head.speed, head.at(FAR_S)) == (2.0, pytest.approx(4.0))
    clock.advance(1.0)
    assert head.at(FAR_S) == pytest.approx(6.0)


def test_speeds_go_from_a_quarter_to_the_newest_result(head: Playhead) -> None:
    up = []
    for _ in range(5):
        head.faster()
        up.append(head.speed)
    assert up == [2.0, 4.0, 8.0, None, None]
    down = []
    for _ in range(7):
        head.slower()
        down.append(head.speed)
    assert down == [8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.25]


def test_a_speed_between_the_steps_goes_to_the_next_one(clock: VirtualClock) -> None:
    head = Playhead(clock, speed=3.0)
    head.faster()
    assert head.speed == 4.0


def test_at_most_speed_it_stays_at_the_newest_result_until_somebody_seeks(clock: VirtualClock) -> None:
    head = Playhead(clock, speed=None)
    assert head.at(40.0) == 40.0
    assert head.at(70.0) == 70.0
    head.seek(-5.0)
    assert head.speed == 1.0
    clock.advance(1.0)
    assert head.at(90.0) == pytest.approx(66.0)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("advance"), st.floats(0, 30)),
            st.tuples(st.just("seek"), st.floats(-60, 60)),
            st.tuples(st.sampled_from(["toggle", "faster", "slower"]), st.none()),
            st.tuples(st.just("analysed"), st.floats(0, 20)),
        )
    )
)
def test_it_is_always_somewhere_that_was_analysed(steps: list[tuple[str, float | None]]) -> None:
    clock, reach_s = VirtualClock(), 0.0
    head = Playhead(clock)
    for step, amount in steps:
        before_s = head.at(reach_s)
        if step == "advance":
            clock.advance(amount or 0.0)
        elif step == "analysed":
            reach_s += amount or 0.0
        elif step == "seek":
            head.seek(amount or 0.0)
        else:
            getattr(head, step)()
        at_s = head.at(reach_s)
        assert 0.0 <= at_s <= reach_s
        if step != "seek":
            assert at_s >= before_s


REPLAY = Snapshot("2026-11-21_14-03-07", "running", duration_s=200.0, outputs=(Path("out/timeline.jsonl"),))


def told(until_s: float) -> Story:
    """A final each second, a word in the middle of each, an event each ten seconds."""
    story = Story()
    for second in range(1, int(until_s) + 1):
        story.point(point(second + 1.0, "fear", final=False))
        story.words(Transcript((word(f"word{second}", second - 0.5),), (word("guess", second),), second))
        if second % 10 == 0:
            story.event(Event(second - 0.1, "gap", f"gap {second}"))
        story.point(point(float(second), "joy"))
    return story


def test_a_moment_shows_what_was_final_by_then() -> None:
    seen = told(100.0).view(REPLAY, 30.2)
    assert seen.latest is not None
    assert seen.latest.time_s == 30.0
    assert [p.time_s for p in seen.finals] == [float(s) for s in range(1, 31)]
    assert seen.words[-1].text == "word30"
    assert [event.message for event in seen.events] == ["gap 10", "gap 20", "gap 30"]
    assert (seen.provisionals, seen.partial_words) == ((), ())
    assert seen.outputs == REPLAY.outputs


def test_a_moment_looks_back_a_minute() -> None:
    seen = told(100.0).view(REPLAY, 90.0)
    assert seen.finals[0].time_s == 90.0 - HISTORY_S + 1
    assert seen.words[0].end_s > 90.0 - HISTORY_S


def test_an_event_that_was_told_late_is_shown_in_its_place() -> None:
    story = told(40.0)
    story.event(Event(5.0, "camera-lost", "the camera is lost"))
    assert "the camera is lost" in [event.message for event in story.view(REPLAY, 6.0).events]


def test_before_the_first_result_there_is_nothing() -> None:
    story = Story()
    assert story.reach_s == 0.0
    assert story.view(REPLAY, 0.0).latest is None


def test_a_playback_has_finished_when_its_end_was_shown(clock: VirtualClock) -> None:
    story, replay = told(10.0), [REPLAY]
    playback = Playback(lambda: replay[-1], story, Playhead(clock))
    assert playback.snapshot().state == "running"
    clock.advance(4.0)
    replay.append(replace(REPLAY, state="finished", position_s=10.0, real_time_factor=0.2))
    seen = playback.snapshot()
    assert (seen.state, seen.position_s, seen.real_time_factor) == ("running", 4.0, None)
    assert playback.reach_s == 10.0
    clock.advance(60.0)
    assert (playback.snapshot().state, playback.snapshot().position_s) == ("finished", 10.0)
    playback.playhead.seek(-5.0)
    assert playback.snapshot().state == "running"


def test_a_replay_that_fails_is_shown_so_at_once(clock: VirtualClock) -> None:
    failed = replace(REPLAY, state="failed", failure="no space left")
    playback = Playback(lambda: failed, told(10.0), Playhead(clock))
    assert (playback.snapshot().state, playback.snapshot().failure) == ("failed", "no space left")


def test_what_was_told_stays_to_be_looked_at_after_the_end() -> None:
    story = told(10.0)
    story.close(complete=True)
    assert story.view(REPLAY, 5.0).finals
