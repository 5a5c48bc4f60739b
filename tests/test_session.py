"""Threads, failure and order: a session over scripted media and stages, without models."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from live_sentiment.align.aligner import WindowAligner
from live_sentiment.analysis import Analysis
from live_sentiment.clock import VirtualClock
from live_sentiment.config import TimelineConfig, WindowConfig
from live_sentiment.errors import RunError
from live_sentiment.session import Session
from live_sentiment.streams.gauges import Gauges
from live_sentiment.timeline.timeline import Segment, Timeline
from live_sentiment.types import (
    Affect,
    AudioBlock,
    Event,
    Modality,
    Observation,
    SpeechActivity,
    StageOutput,
    TimelinePoint,
    Transcript,
    VideoFrame,
    Window,
    Word,
)

LENGTH_S = 6.0


def opinion(modality: Modality, time_s: float, person: int | None = None) -> Observation:
    emotions = np.full(7, 0.1, np.float32)
    emotions[int(time_s) % 7] = 0.4
    details = {"box": (0.0, 0.0, 10.0, 10.0)}
    polarity = np.full(3, 1 / 3, np.float32)
    return Observation(
        modality, time_s, np.zeros(1, np.float32), emotions, polarity, person=person, details=details
    )


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


class Delays:
    """Yields the processor for a random number of turns, so that threads interleave differently."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._nothing = threading.Event()

    def __call__(self) -> None:
        with self._lock:
            wait_s = self._random.choice([0, 0, 0, 0.0005, 0.002])
        self._nothing.wait(wait_s)


class ScriptedStages:
    """Perception by rule: a face in every frame, speech in the middle, a word every half second."""

    def __init__(self, delays: Delays, broken: Modality | None = None) -> None:
        self._delays, self._broken = delays, broken
        self._heard_s = 0.0
        self.voice = self._Voice(self)
        self.activity = self._Activity(self)
        self.transcriber = self._Transcriber(self)

    def reset(self) -> None:
        self._heard_s = 0.0

    def _work(self, modality: Modality, time_s: float) -> None:
        self._delays()
        if modality == self._broken and time_s > 1.0:
            raise ValueError("the model exploded")

    def face(self, frame: VideoFrame) -> StageOutput:
        self._work("vision", frame.time_s)
        return StageOutput((opinion("vision", frame.time_s, person=1),), frame.time_s)

    def text(self, words: tuple[Word, ...]) -> StageOutput:
        self._delays()
        return StageOutput(tuple(opinion("text", word.end_s) for word in words), 0.0)

    @dataclass
    class _Activity:
        stages: ScriptedStages

        def __call__(self, block: AudioBlock) -> SpeechActivity:
            active = np.full(1, 0.3 < block.start_s < 5.0, np.bool_)
            return SpeechActivity(block.start_s, 0.125, active.astype(np.float32), active)

        def finish(self) -> SpeechActivity:
            return SpeechActivity(LENGTH_S, 0.125, np.zeros(0, np.float32), np.zeros(0, np.bool_))

    @dataclass
    class _Voice:
        stages: ScriptedStages

        def __call__(self, block: AudioBlock, activity: SpeechActivity) -> StageOutput:
            self.stages._work("voice", block.end_s)
            spoken = (opinion("voice", block.end_s),) if activity.active.any() else ()
            return StageOutput(spoken, block.end_s)

        def finish(self) -> StageOutput:
            return StageOutput((), LENGTH_S)

    @dataclass
    class _Transcriber:
        stages: ScriptedStages
        said: list[Word] = field(default_factory=list)

        def __call__(self, block: AudioBlock, activity: SpeechActivity) -> Transcript | None:
            self.stages._work("text", block.end_s)
            if not len(block.samples) or block.end_s % 1.0:
                return None
            words = (Word(f"w{block.end_s:.0f}", block.end_s - 0.5, block.end_s, 0.9),)
            return Transcript(words, (), block.end_s)

        def finish(self) -> Transcript:
            return Transcript((), (), LENGTH_S)


def fuse(window: Window, person: int | None) -> Affect | None:
    if not window.observations:
        return None
    emotions = np.mean([o.emotions for group in window.observations.values() for o in group], axis=0)
    polarity = np.full(3, 1 / 3, np.float32)
    return Affect(polarity, emotions / emotions.sum(), window.activity, 0.0, 0.1, 0.1, {}, {})


class Story:
    """A sink that keeps what it is told."""

    def __init__(self, full_after: int | None = None) -> None:
        self.told: list[str] = []
        self.finals: list[TimelinePoint] = []
        self.events: list[Event] = []
        self.complete: bool | None = None
        self._full_after = full_after

    def point(self, point: TimelinePoint) -> None:
        if point.final:
            self.finals.append(point)
            self.told.append(repr(point))
        if self._full_after is not None and len(self.finals) > self._full_after:
            raise RunError("no space left")

    def segment(self, segment: Segment) -> None:
        self.told.append(repr(segment))

    def event(self, event: Event) -> None:
        self.events.append(event)
        self.told.append(repr(event))

    def words(self, transcript: Transcript) -> None:
        pass

    def close(self, *, complete: bool) -> None:
        self.complete = complete


def run(
    source: ScriptedSource, *, seed: int = 0, broken: Modality | None = None, story: Story | None = None
) -> Story:
    story = story or Story()
    gauges = Gauges(VirtualClock())
    absent: dict[Modality, str] = {}
    if not source.has_video:
        absent["vision"] = "no video track"
    if not source.has_audio:
        absent["voice"] = absent["text"] = "no audio track"
    analysis = Analysis(
        WindowAligner(WindowConfig(), absent),
        fuse,  # type: ignore[arg-type]
        Timeline(TimelineConfig()),
        [story],
        absent=absent,
        gauges=gauges,
    )
    stages = ScriptedStages(Delays(seed), broken)
    Session(source, stages, analysis, gauges, None).run()  # type: ignore[arg-type]
    return story


def test_thread_timing_changes_nothing() -> None:
    gap = Event(2.5, "gap", "half a second of sound is missing")
    stories = [run(ScriptedSource(events=(gap,)), seed=seed).told for seed in range(8)]
    assert all(story == stories[0] for story in stories)
    assert len(stories[0]) > LENGTH_S / 0.25


def test_an_event_is_told_before_the_first_final_that_ends_after_it() -> None:
    story = run(ScriptedSource(events=(Event(2.5, "gap", "sound is missing"),)))
    at = next(i for i, line in enumerate(story.told) if line.startswith("Event"))
    finals_before = [line for line in story.told[:at] if line.startswith("TimelinePoint")]
    assert len(finals_before) == 10  # ticks 0.25 … 2.5


@pytest.mark.parametrize("broken", ["vision", "voice", "text"])
def test_a_stage_that_fails_is_announced_and_the_others_go_on(broken: Modality) -> None:
    story = run(ScriptedSource(), broken=broken)
    assert story.complete
    assert [event.kind for event in story.events] == ["stage-failed"]
    assert "the model exploded" in story.events[0].message
    last = story.finals[-1]
    assert last.time_s == LENGTH_S
    others = {"vision", "text"} - {broken}
    assert all(last.presence[m].present for m in others if not (broken == "voice" and m == "text"))


def test_a_failed_modality_is_absent_with_the_reason() -> None:
    story = run(ScriptedSource(), broken="voice")
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
    assert not [thread for thread in threading.enumerate() if thread.name in {"look", "listen", "decoder"}]


def test_words_of_a_point_are_those_since_the_point_before() -> None:
    story = run(ScriptedSource())
    said = [word.text for point in story.finals for word in point.words]
    assert said == ["w1", "w2", "w3", "w4", "w5", "w6"]
