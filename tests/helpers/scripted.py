"""A session's parts by rule, without models: perception, fusion, a sink that remembers, capture devices."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import SimpleNamespace

import numpy as np

from live_sentiment.core.clock import Clock
from live_sentiment.core.errors import RunError
from live_sentiment.core.types import (
    SAMPLE_RATE_HZ,
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
from live_sentiment.sources.capture import CapturedSound, CaptureListener, Device, DeviceHealth
from live_sentiment.streams.decimator import Decimator
from live_sentiment.timeline.timeline import Segment

Work = Callable[[Modality, float], None]
"""Called with modality and session time before a stage works on an item: to delay or to fail."""


def opinion(modality: Modality, time_s: float, person: int | None = None) -> Observation:
    emotions = np.full(7, 0.1, np.float32)
    emotions[int(time_s) % 7] = 0.4
    details = {"box": (0.0, 0.0, 10.0, 10.0)}
    polarity = np.full(3, 1 / 3, np.float32)
    return Observation(
        modality, time_s, np.zeros(1, np.float32), emotions, polarity, person=person, details=details
    )


class Delays:
    """Yields the processor for a random number of turns, so that threads interleave differently."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._nothing = threading.Event()

    def __call__(self, modality: Modality, time_s: float) -> None:
        with self._lock:
            wait_s = self._random.choice([0, 0, 0, 0.0005, 0.002])
        self._nothing.wait(wait_s)


class ScriptedStages:
    """Perception by rule: a face in every frame, speech between 0.3 and `speech_until_s`, a word a second.

    `sentence_s` is the length of a sentence and of the pause behind it; None is speech without a pause.
    """

    def __init__(
        self,
        work: Work = lambda modality, time_s: None,
        speech_until_s: float = 5.0,
        fusion: Callable[[Window, int | None], Affect | None] | None = None,
        sentence_s: tuple[float, float] | None = None,
    ) -> None:
        self.face = _Face(work)
        self.activity = _Activity(speech_until_s, sentence_s)
        self.voice = _Voice(work)
        self.transcriber = _Transcriber(work)
        self.fusion = fusion or fuse
        self.models = {"vision": "by rule"}
        self.device = "cpu"
        self.smaller_recogniser = None
        self.discarded = False

    def discard_models(self) -> None:
        self.discarded = True

    def reset(self) -> None:
        for stage in (self.face, self.activity, self.voice, self.transcriber):
            stage.reset()

    def text(self, words: tuple[Word, ...]) -> StageOutput:
        return StageOutput(tuple(opinion("text", word.end_s) for word in words), 0.0)


class _Face:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._rate_hz = 1000.0
        self.reset()

    def reset(self) -> None:
        self.frames_analysed = self.frames_with_face = 0
        self.boxes = ((0.0, 0.0, 10.0, 10.0),)
        self._grid = Decimator(self._rate_hz)

    def set_rate_hz(self, rate_hz: float) -> None:
        self._grid = Decimator(rate_hz)

    def __call__(self, frame: VideoFrame) -> StageOutput:
        if not self._grid.takes(frame.time_s):
            return StageOutput((), frame.time_s)
        self._work("vision", frame.time_s)
        self.frames_analysed += 1
        self.frames_with_face += 1
        return StageOutput((opinion("vision", frame.time_s, person=1),), frame.time_s)


@dataclass
class _Activity:
    until_s: float
    sentence_s: tuple[float, float] | None = None
    end_s: float = 0.0

    def reset(self) -> None:
        self.end_s = 0.0

    def __call__(self, block: AudioBlock) -> SpeechActivity:
        self.end_s = block.end_s
        length_s = block.end_s - block.start_s
        chunks = 1 if length_s else 0
        speaks = 0.3 < block.start_s < self.until_s
        if self.sentence_s is not None:
            speaks &= block.start_s % sum(self.sentence_s) < self.sentence_s[0]
        active = np.full(chunks, speaks, np.bool_)
        return SpeechActivity(block.start_s, length_s, active.astype(np.float32), active)

    def finish(self) -> SpeechActivity:
        return SpeechActivity(self.end_s, 0.125, np.zeros(0, np.float32), np.zeros(0, np.bool_))


class _Voice:
    def __init__(self, work: Work) -> None:
        self._work = work
        self.reset()

    def reset(self) -> None:
        self._end_s = 0.0

    def __call__(self, block: AudioBlock, activity: SpeechActivity) -> StageOutput:
        if len(block.samples):
            self._work("voice", block.end_s)
        self._end_s = block.end_s
        spoken = (opinion("voice", block.end_s),) if activity.active.any() else ()
        return StageOutput(spoken, block.end_s)

    def finish(self) -> StageOutput:
        return StageOutput((), self._end_s)


class _Transcriber:
    def __init__(self, work: Work) -> None:
        self._work = work
        self.recogniser, self.beam = SimpleNamespace(), 1
        self.heard: list[tuple[float, float]] = []
        """Session times of the blocks it was given."""
        self.reset()

    def reset(self) -> None:
        self._end_s, self._said = 0.0, 0

    def break_off(self) -> None:
        self.reset()

    def set_hop_s(self, hop_s: float) -> None:
        pass

    def __call__(self, block: AudioBlock, activity: SpeechActivity) -> Transcript | None:
        if len(block.samples):
            self._work("text", block.end_s)
            self.heard.append((block.start_s, block.end_s))
        self._end_s = block.end_s
        second = int(block.end_s)
        if second <= self._said:
            return None
        self._said = second
        words = (Word(f"w{second}", second - 0.5, float(second), 0.9),) if len(block.samples) else ()
        return Transcript(words, (), block.end_s)

    def finish(self) -> Transcript:
        return Transcript((), (), self._end_s)


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


@dataclass
class ScriptedDevice:
    """A camera or a microphone on the clock: something every `period_s`, nothing while it is lost.

    `lost` are stretches of session time; the device says so `bound_s` after each began, and lets time pass.
    """

    device: Device
    clock: Clock
    period_s: float
    lost: Sequence[tuple[float, float]] = ()
    bound_s: float = 1.5
    rate_hz: int = SAMPLE_RATE_HZ
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def open(self) -> None:
        pass

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        self._thread = threading.Thread(target=self._run, args=(listener, zero_s), name=self.device)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        if self._thread is not None:
            self._thread.join()
        return True

    def health(self) -> DeviceHealth:
        return DeviceHealth(self.device, f"scripted {self.device}", "running")

    def _run(self, listener: CaptureListener, zero_s: float) -> None:
        ticks, told = 0, False
        while True:
            ticks += 1
            at_s = round(ticks * self.period_s, 3)
            if self.clock.sleep(zero_s + at_s - self.clock.now_s(), self._stop):
                return
            gone_s = next((start_s for start_s, end_s in self.lost if start_s < at_s <= end_s), None)
            if gone_s is not None and at_s - gone_s >= self.bound_s:
                if not told:
                    listener.lost(self.device, gone_s, f"{self.device} lost")
                    told = True
                listener.nothing(self.device, at_s - 0.001)
            elif gone_s is None:
                if told:
                    listener.back(self.device, at_s)
                    told = False
                self._give(listener, at_s)

    def _give(self, listener: CaptureListener, at_s: float) -> None:
        if self.device == "camera":
            listener.picture(VideoFrame(np.zeros((8, 8, 3), np.uint8), at_s))
            return
        start = Fraction(at_s - self.period_s).limit_denominator(1000)
        samples = np.zeros((round(self.period_s * self.rate_hz), 1), np.int16)
        listener.sound(CapturedSound(samples, self.rate_hz, start))
