"""A value that is no number, from whichever model: its moment is lost and told, and nothing behind it."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live_sentiment.core.config import Config
from live_sentiment.core.types import Affect, Observation, StageOutput, Transcript, VideoFrame, Window
from live_sentiment.perception.voice.normalise import SpeakerNormaliser
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.sinks.reader import RecordedTimeline, read_timeline
from tests.helpers import media_factory as factory
from tests.helpers.scripted import ScriptedStages, fuse

SPOILT_S = (2.0, 2.5)
"""Session time in which models give nonsense."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mkv"
    return factory.write_media(
        path, pictures=factory.flashes(10.0, flash_s=1.0, fps=10.0), sound=factory.tone(10.0)
    )


def analysed(clip: Path, stages: ScriptedStages, folder: Path) -> RecordedTimeline:
    FileSession(clip, Config(), stages, folder).run()  # type: ignore[arg-type]
    text = (folder / "timeline.jsonl").read_text("utf-8")
    for line in text.splitlines():
        json.loads(line, parse_constant=pytest.fail)
    return read_timeline(folder / "timeline.jsonl")


SPOILT: dict[str, Callable[[Observation], Observation]] = {
    "emotions": lambda item: dataclasses.replace(item, emotions=item.emotions * np.float32(np.nan)),
    "polarity": lambda item: dataclasses.replace(item, polarity=item.polarity + np.float32(np.inf)),
    "embedding": lambda item: dataclasses.replace(item, embedding=item.embedding * np.float32(np.nan)),
    "quality": lambda item: dataclasses.replace(item, quality=math.nan),
    "box": lambda item: dataclasses.replace(item, details={**item.details, "box": (0.0, math.nan, 1.0, 1.0)}),
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_observation_that_is_no_number_costs_itself_alone(clip: Path, tmp_path: Path, how: str) -> None:
    clean = analysed(clip, ScriptedStages(), tmp_path / "clean")
    stages = ScriptedStages()

    class Spoilt(type(stages.face)):  # type: ignore[misc]
        def __call__(self, frame: VideoFrame) -> StageOutput:
            output: StageOutput = super().__call__(frame)
            if not SPOILT_S[0] < frame.time_s <= SPOILT_S[1]:
                return output
            return dataclasses.replace(output, observations=tuple(map(SPOILT[how], output.observations)))

    stages.face = Spoilt(lambda modality, time_s: None)
    timeline = analysed(clip, stages, tmp_path / "spoilt")
    assert timeline.end is not None
    assert timeline.end["complete"]
    assert [event["kind"] for event in timeline.of("event")] == ["no-number", "no-number"]
    assert "vision" in timeline.of("event")[0]["message"]
    assert all(point["presence"]["vision"]["present"] for point in timeline.points)
    assert timeline.points[-1]["valence"] == pytest.approx(clean.points[-1]["valence"], abs=1e-3)


def test_a_fused_result_that_is_no_number_is_an_absence(clip: Path, tmp_path: Path) -> None:
    clean = analysed(clip, ScriptedStages(), tmp_path / "clean")
    stages = ScriptedStages()

    def spoilt(window: Window, person: int | None) -> Affect | None:
        affect = fuse(window, person)
        if affect is not None and SPOILT_S[0] < window.end_s <= SPOILT_S[1]:
            return dataclasses.replace(affect, valence=math.nan)
        return affect

    stages.fusion = spoilt
    timeline = analysed(clip, stages, tmp_path / "spoilt")
    lost = [point for point in timeline.points if point["presence"]["vision"]["reason"] == "no number"]
    assert [point["time"] for point in lost] == [2.25, 2.5]
    assert timeline.points[-1]["valence"] == pytest.approx(clean.points[-1]["valence"], abs=1e-3)


def test_a_word_without_a_probability_keeps_its_place(clip: Path, tmp_path: Path) -> None:
    stages = ScriptedStages()
    transcriber = stages.transcriber

    def spoilt(transcript: Transcript | None) -> Transcript | None:
        if transcript is None:
            return None
        words = tuple(dataclasses.replace(word, probability=math.nan) for word in transcript.committed)
        return dataclasses.replace(transcript, committed=words)

    class Spoilt(type(transcriber)):  # type: ignore[misc]
        def __call__(self, *items: Any) -> Transcript | None:
            return spoilt(super().__call__(*items))

    stages.transcriber = Spoilt(lambda modality, time_s: None)
    timeline = analysed(clip, stages, tmp_path / "spoilt")
    words = [word for point in timeline.points for word in point["words"]]
    assert len(words) > 3
    assert {word["probability"] for word in words[:3]} == {0.0}
    assert "no-number" in {event["kind"] for event in timeline.of("event")}


def test_a_speaker_is_not_forgotten_for_one_embedding_that_is_no_number() -> None:
    normaliser = SpeakerNormaliser(np.zeros(3, np.float32), np.ones(3, np.float32))
    normaliser(np.ones(3, np.float32), 5.0)
    assert np.isnan(normaliser(np.array([1, np.nan, 1], np.float32), 5.0)).all()
    assert np.isfinite(normaliser(np.ones(3, np.float32), 5.0)).all()
