"""A session is played through the whole pipeline, as a file is; what comes out is kept, and what went in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import soundfile

from live_sentiment.core.config import Config
from live_sentiment.core.types import EMOTIONS, SAMPLE_RATE_HZ, Affect, FloatArray, TimelinePoint, Window
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.fusion.tolerant import Fuse
from live_sentiment.models.fusion import Fusion
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.runtime.stages import Stages
from live_sentiment.sinks.protocol import Sink
from live_sentiment.timeline.timeline import Timeline
from live_sentiment.training.evaluation.timeline_sessions import Course, Plan, play

Fused = tuple[Window, int | None]
"""A final window and the person whose face is fused."""
VOICE, WORDLESS, FUSED, FILTERED, PRINTED = STAGES = ("voice", "wordless", "fused", "filtered", "printed")
"""What is asked on the way to the printed emotion: the last reading of the voice, fusion without the words,
fusion, the smoothed emotions, and the emotion that the point names."""


@dataclass(frozen=True, slots=True)
class Played:
    """One session, and what the pipeline made of it."""

    plan: Plan
    course: Course
    windows: tuple[Fused, ...]
    points: tuple[TimelinePoint, ...]
    """Final ones, as they were published."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one stage says at each of N points."""

    emotions: FloatArray
    """Shape (N, 7), probabilities."""
    leading: np.ndarray
    """Shape (N,), numbers of EMOTIONS."""

    @classmethod
    def of(cls, emotions: Sequence[FloatArray], leading: Sequence[int] | None = None) -> Answers:
        """The most probable emotion leads unless others are said to."""
        table = np.array(emotions, np.float32).reshape(-1, len(EMOTIONS))
        return cls(table, table.argmax(axis=1) if leading is None else np.array(leading, np.int64))


class _Recorder:
    """A fusion that keeps the final windows that it is asked for."""

    def __init__(self, fusion: Fuse) -> None:
        self._fusion = fusion
        self.windows: list[Fused] = []

    def __call__(self, window: Window, person: int | None) -> Affect | None:
        if window.final:
            self.windows.append((window, person))
        return self._fusion(window, person)


class _Collector(Sink):
    """Keeps the final points."""

    def __init__(self) -> None:
        self.points: list[TimelinePoint] = []

    def point(self, point: TimelinePoint) -> None:
        if point.final:
            self.points.append(point)


def replayed(plan: Plan, config: Config, stages: Stages, folder: Path, seed: int) -> Played:
    """Play a session from a file in `folder`.

    Raises:
        UsageError: a clip cannot be decoded.
        RunError: the pipeline failed.
    """
    sound, course = play(plan, seed)
    file = folder / "session.wav"
    soundfile.write(file, sound, SAMPLE_RATE_HZ, subtype="PCM_16")
    recorder, collector = _Recorder(stages.fusion), _Collector()
    # Whatever is called like a fusion is one to the analysis.
    watched = replace(stages, fusion=cast(Fusion, recorder))
    FileSession(file, config, watched, None, sinks=(collector,)).run()
    return Played(plan, course, tuple(recorder.windows), tuple(collector.points))


def again(played: Played, fusion: Fuse, config: Config) -> Played:
    """The same windows through another fusion and timeline; perception does not run again."""
    timeline = Timeline(config.timeline, np.array(EMOTION_PRIOR), np.array(POLARITY_PRIOR))
    points = [timeline.final(window, fusion(window, person), ())[0] for window, person in played.windows]
    return replace(played, points=tuple(points))


def answers(played: Played, fusion: Fuse) -> dict[str, Answers]:
    """What each of STAGES says at each point."""
    prior = np.array(EMOTION_PRIOR, np.float32)

    def fused(change: Callable[[Window], Window]) -> Answers:
        affects = [fusion(change(window), person) for window, person in played.windows]
        return Answers.of([prior if affect is None else affect.emotions for affect in affects])

    heard = [window.observations.get("voice", ()) for window, _ in played.windows]
    smoothed = [point.affect.emotions for point in played.points]
    return {
        VOICE: Answers.of([looks[-1].emotions if looks else prior for looks in heard]),
        WORDLESS: fused(_wordless),
        FUSED: fused(lambda window: window),
        FILTERED: Answers.of(smoothed),
        PRINTED: Answers.of(smoothed, [EMOTIONS.index(point.emotion) for point in played.points]),
    }


def _wordless(window: Window) -> Window:
    return replace(window, observations={**window.observations, "text": ()})
