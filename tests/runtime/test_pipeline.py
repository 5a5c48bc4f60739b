"""Threads, failure and order: a session over scripted media and stages, without models."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from live_sentiment.align.aligner import WindowAligner
from live_sentiment.core.clock import Clock, MonotonicClock
from live_sentiment.core.config import TimelineConfig, WindowConfig
from live_sentiment.core.errors import RunError
from live_sentiment.core.types import AudioBlock, Event, Modality, VideoFrame
from live_sentiment.runtime.analysis import Analysis
from live_sentiment.runtime.pipeline import Pipeline
from live_sentiment.sources.feed import FileFeed
from live_sentiment.streams.gauges import Gauges
from live_sentiment.timeline.timeline import Timeline
from tests.helpers.scripted import Delays, ScriptedStages, Story, Work, fuse
from tests.helpers.virtual_clock import VirtualClock

LENGTH_S = 6.0


@dataclass
class ScriptedSource:
    """Interleaved frames, sound and events of six seconds."""

    has_video: bool = True
    has_audio: bool = True
    events: tuple[Event, ...] = ()

    @property
    def info(self) -> SimpleNamespace:
        return SimpleNamespace(has_video=self.has_video, has_audio=self.has_audio)

    def __iter__(self) -> Iterator[Any]:
        frame = np.zeros((4, 4, 3), np.uint8)
        for tick in range(int(LENGTH_S / 0.125)):
            time_s = tick * 0.125
            yield from (event for event in self.events if time_s <= event.time_s < time_s + 0.125)
            if self.has_audio:
                yield AudioBlock(np.zeros(2000, np.float32), time_s)
            if self.has_video:
                yield VideoFrame(frame, time_s)


def breaking(broken: Modality, error: BaseException | None = None) -> Work:
    """A stage that fails after the first second."""

    def work(modality: Modality, time_s: float) -> None:
        if modality == broken and time_s > 1.0:
            raise error or ValueError("the model exploded")

    return work


def run(
    source: ScriptedSource,
    work: Work | None = None,
    story: Story | None = None,
    clock: Clock | None = None,
    *,
    hang_s: float = math.inf,
    stages: ScriptedStages | None = None,
) -> Story:
    story = story or Story()
    gauges = Gauges(clock or MonotonicClock())
    feed = FileFeed(source)  # type: ignore[arg-type]
    analysis = Analysis(
        WindowAligner(WindowConfig(), feed.absent),
        fuse,  # type: ignore[arg-type]
        Timeline(TimelineConfig()),
        [story],
        absent=feed.absent,
        gauges=gauges,
    )
    stages = stages or ScriptedStages(work or Delays(0))
    Pipeline(feed, stages, analysis, gauges, hang_s=hang_s).run()  # type: ignore[arg-type]
    return story


def test_thread_timing_changes_nothing() -> None:
    gap = Event(2.5, "gap", "half a second of sound is missing")
    stories = [run(ScriptedSource(events=(gap,)), work=Delays(seed)).told for seed in range(8)]
    assert all(story == stories[0] for story in stories)
    assert len(stories[0]) > LENGTH_S / 0.25


def test_an_event_is_told_before_the_first_final_that_ends_after_it() -> None:
    story = run(ScriptedSource(events=(Event(2.5, "gap", "sound is missing"),)))
    at = next(i for i, line in enumerate(story.told) if line.startswith("Event"))
    finals_before = [line for line in story.told[:at] if line.startswith("TimelinePoint")]
    assert len(finals_before) == 10  # ticks 0.25 … 2.5


@pytest.mark.parametrize("broken", ["vision", "voice", "text"])
def test_a_stage_that_fails_is_announced_and_the_others_go_on(broken: Modality) -> None:
    story = run(ScriptedSource(), work=breaking(broken))
    assert story.complete
    assert [event.kind for event in story.events] == ["stage-failed"]
    assert "the model exploded" in story.events[0].message
    last = story.finals[-1]
    assert last.time_s == LENGTH_S
    others = {"vision", "text"} - {broken}
    assert all(last.presence[m].present for m in others if not (broken == "voice" and m == "text"))


@pytest.mark.parametrize("broken", ["vision", "voice", "text"])
@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), StopIteration(), MemoryError()], ids=repr
)
def test_no_error_of_a_stage_ends_its_thread_without_a_word(broken: Modality, error: BaseException) -> None:
    story = run(ScriptedSource(), work=breaking(broken, error))
    assert story.complete
    assert [event.kind for event in story.events] == ["stage-failed"]
    assert repr(error) in story.events[0].message


def test_a_source_that_leaves_its_thread_ends_the_streams_with_the_reason() -> None:
    class Leaving(ScriptedSource):
        def __iter__(self) -> Iterator[Any]:
            yield from itertools.islice(super().__iter__(), 20)
            raise SystemExit("gone")

    story = run(Leaving())
    assert story.complete
    assert {event.kind for event in story.events} == {"stage-failed"}
    assert all("SystemExit('gone')" in event.message for event in story.events)


@pytest.mark.parametrize("broken", ["vision", "voice", "text"])
def test_a_stage_that_hangs_is_given_up_and_the_file_is_analysed_without(broken: Modality) -> None:
    clock, released = VirtualClock(), threading.Event()

    def work(modality: Modality, time_s: float) -> None:
        if modality == broken and time_s > 2.0:
            clock.sleep(1e9, released)

    stages = ScriptedStages(work)
    with clock.taking_part():
        story = run(ScriptedSource(), clock=clock, hang_s=60.0, stages=stages)
        assert 60.0 <= clock.now_s() < 62.0
    assert story.complete
    (event,) = story.events
    assert (event.kind, event.time_s) == ("stage-hung", pytest.approx(2.0, abs=0.2))
    last = story.finals[-1]
    assert last.time_s == LENGTH_S
    assert last.presence[broken].reason == f"{broken} hangs"
    assert stages.discarded  # the next session does not wait for the same call
    others = {"vision", "voice"} - {broken}
    assert all(story.finals[15].presence[one].present for one in others)
    released.set()


def test_memory_that_was_freed_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, given_back = VirtualClock(), []
    monkeypatch.setattr(
        "live_sentiment.runtime.pipeline.give_back_memory", lambda: given_back.append(clock.now_s())
    )

    def slow(modality: Modality, time_s: float) -> None:
        if modality == "vision":
            clock.sleep(1.5, threading.Event())

    run(ScriptedSource(), slow, clock=clock)
    assert given_back[:2] == pytest.approx([30.0, 60.0], abs=1.0)


def test_where_a_thread_cannot_start_none_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before, start, left = set(threading.enumerate()), threading.Thread.start, iter(range(2))

    def start_two(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_two)
    story = Story()
    with pytest.raises(RuntimeError, match="can't start new thread"):
        run(ScriptedSource(), story=story)
    assert story.complete is False
    assert set(threading.enumerate()) <= before


def test_a_failed_modality_is_absent_with_the_reason() -> None:
    story = run(ScriptedSource(), work=breaking("voice"))
    assert story.finals[8].presence["voice"].present
    assert {point.presence["voice"].reason for point in story.finals if point.time_s > 5.5} == {
        "voice failed"
    }


@pytest.mark.parametrize(("has_video", "has_audio"), [(True, False), (False, True)])
def test_a_missing_track_is_absent_from_the_first_point_on(has_video: bool, has_audio: bool) -> None:
    story = run(ScriptedSource(has_video=has_video, has_audio=has_audio))
    missing: Modality = "vision" if has_audio else "voice"
    assert story.complete
    assert {point.presence[missing].reason for point in story.finals} == {
        "no video track" if has_audio else "no audio track"
    }


def test_a_sink_that_cannot_go_on_ends_the_session_and_is_closed_as_incomplete() -> None:
    story = Story(full_after=5)
    with pytest.raises(RunError, match="no space left"):
        run(ScriptedSource(), story=story)
    assert story.complete is False
    assert not [thread for thread in threading.enumerate() if thread.name in {"face", "voice", "decoder"}]


def test_words_of_a_point_are_those_since_the_point_before() -> None:
    story = run(ScriptedSource())
    said = [word.text for point in story.finals for word in point.words]
    assert said == ["w1", "w2", "w3", "w4", "w5", "w6"]
