"""One file tells one story: whatever the speed and however the threads take turns, the same bytes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.core.config import Config
from live_sentiment.core.types import Modality
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.file_session import Excerpt, FileSession
from live_sentiment.runtime.stages import Stages, load_stages
from tests.helpers.places import MEDIA, needs_media
from tests.helpers.scripted import Delays
from tests.helpers.virtual_clock import VirtualClock

pytestmark = [needs_media, pytest.mark.media, pytest.mark.models, pytest.mark.timeout(900)]

CLIP = "grid/lbax4n.mpg"
RUNS = 20
SPEEDS = (1.0, 8.0, None)


@pytest.fixture(scope="module")
def stages(model_store: ModelStore) -> Stages:
    return load_stages(Config(), model_store)


class Delayed:
    """A stage that waits a random moment before each of its calls."""

    def __init__(self, stage: Any, modality: Modality, delays: Delays) -> None:
        self._stage, self._modality, self._delays = stage, modality, delays

    def __call__(self, *items: Any) -> Any:
        self._delays(self._modality, 0.0)
        return self._stage(*items)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def delayed(stages: Stages, seed: int) -> Stages:
    delays = Delays(seed)
    return dataclasses.replace(
        stages,
        face=Delayed(stages.face, "vision", delays),
        voice=Delayed(stages.voice, "voice", delays),
        transcriber=Delayed(stages.transcriber, "text", delays),
        text=Delayed(stages.text, "text", delays),
    )


@contextmanager
def a_clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    with clock.taking_part():
        yield clock


def test_twenty_replays_at_three_speeds_and_with_random_delays_write_the_same_bytes(
    stages: Stages, tmp_path: Path
) -> None:
    written = []
    for run in range(RUNS):
        folder = tmp_path / str(run)
        excerpt = Excerpt(speed=SPEEDS[run % len(SPEEDS)])
        with a_clock() as clock:
            outcome = FileSession(
                MEDIA / CLIP, Config(), delayed(stages, run), folder, excerpt=excerpt, clock=clock
            ).run()
        if excerpt.speed is not None:
            assert outcome.elapsed_s > 0.9 * outcome.summary.duration_s / excerpt.speed
        written.append((folder / "timeline.jsonl").read_bytes())
    assert written[0].count(b'"type":"point"') >= 8
    assert set(written) == {written[0]}
