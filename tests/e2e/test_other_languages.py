"""Speech of another language than the model's: said so, once, and its words count for nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from live_sentiment.core.config import Config
from live_sentiment.core.types import TimelinePoint
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.runtime.stages import Stages, load_stages
from tests.helpers.places import DATA, needs_data
from tests.helpers.scripted import Story

pytestmark = [needs_data, pytest.mark.models, pytest.mark.timeout(600)]

CLIPS = 8
RATE = 16_000


@pytest.fixture(scope="module")
def stages(model_store: ModelStore) -> Stages:
    return load_stages(Config(), model_store)


def heard(stages: Stages, folder: Path, corpus: str) -> tuple[list[TimelinePoint], list[str]]:
    """Final points and kinds of events of some clips of a corpus, one behind the other."""
    clips = sorted((DATA / "voice" / corpus).glob("*.flac"))
    chosen = clips[:: len(clips) // CLIPS][:CLIPS]
    file = folder / f"{corpus}.wav"
    soundfile.write(file, np.concatenate([soundfile.read(clip, dtype="float32")[0] for clip in chosen]), RATE)
    story = Story()
    FileSession(file, Config(), stages, None, sinks=[story]).run()  # type: ignore[list-item]
    return story.finals, [event.kind for event in story.events]


def test_german_is_not_taken_for_english(stages: Stages, tmp_path: Path) -> None:
    points, kinds = heard(stages, tmp_path, "emodb")
    assert kinds.count("not-understood") == 1
    late = points[len(points) // 2 :]
    assert {point.presence["text"].reason for point in late} == {"not understood"}
    assert all(point.presence["voice"].present for point in late[:-8])


def test_english_is_understood(stages: Stages, tmp_path: Path) -> None:
    points, kinds = heard(stages, tmp_path, "ravdess")
    assert "not-understood" not in kinds
    assert sum(point.presence["text"].present for point in points) > len(points) / 2
