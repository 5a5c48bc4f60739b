"""Several sessions in one process: each tells what it tells alone, whoever else is being analysed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from live_sentiment.core.config import Config
from live_sentiment.models.loading import Models, load_models
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.runtime.stages import Stages
from live_sentiment.streams.worker import Worker
from tests.helpers.places import MEDIA, needs_media
from tests.helpers.scripted import Story

pytestmark = [needs_media, pytest.mark.media, pytest.mark.models, pytest.mark.timeout(900)]

CLIPS = ("grid/lbax4n.mpg", "grid/bbaf2n.mpg", "expressions_silent/mead256_sad_SILENT.mp4")
ROUNDS = 3
STREAMS = 4


@pytest.fixture(scope="module")
def models(model_store: ModelStore) -> Models:
    return load_models(Config(), model_store)


def told(models: Models, clips: Sequence[Path]) -> list[list[str]]:
    """What a session for each clip tells, all of them at once."""
    stories = [Story() for _ in clips]
    workers = []
    for clip, story in zip(clips, stories, strict=True):
        replay = FileSession(clip, Config(), Stages.of(models, Config()), None, sinks=[story])  # type: ignore[list-item]
        workers.append(Worker(clip.name, replay.run))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.error is None
    return [story.told for story in stories]


def test_a_story_does_not_depend_on_who_else_is_analysed(models: Models) -> None:
    clips = [MEDIA / name for name in CLIPS]
    alone = {clip: told(models, [clip])[0] for clip in clips}
    assert all(len(story) > 5 for story in alone.values())
    chosen = random.Random(0)
    for _ in range(ROUNDS):
        company = chosen.choices(clips, k=STREAMS)
        for clip, story in zip(company, told(models, company), strict=True):
            assert story == alone[clip]
