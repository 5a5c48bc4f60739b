"""A live session, and the replay of what it recorded: the same story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live_sentiment.core.config import Config
from live_sentiment.models.store.store import ModelStore
from live_sentiment.recording.session_file import read_session
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.runtime.live_session import LiveSession
from live_sentiment.runtime.stages import Stages, load_stages
from tests.helpers.clip_devices import ClipDevice
from tests.helpers.places import MEDIA, needs_media
from tests.helpers.virtual_clock import VirtualClock

pytestmark = [needs_media, pytest.mark.media, pytest.mark.models, pytest.mark.timeout(900)]

CLIP = MEDIA / "address_20s_450p25.mp4"


@pytest.fixture(scope="module")
def stages(model_store: ModelStore) -> Stages:
    return load_stages(Config(), model_store)


def points(timeline: Path) -> dict[float, dict[str, Any]]:
    lines = [json.loads(line) for line in timeline.read_text().splitlines()]
    return {line["time"]: line for line in lines if line["type"] == "point"}


def test_the_replay_of_a_recording_tells_what_the_session_told(stages: Stages, tmp_path: Path) -> None:
    """The camera comes up 0.4 s into the session, the microphone 0.25 s: neither may move in the replay."""
    folder, clock = tmp_path / "session", VirtualClock()
    with clock.taking_part():
        live = LiveSession(
            Config(),
            stages,
            camera=ClipDevice("camera", CLIP, clock, 0.4),
            microphone=ClipDevice("microphone", CLIP, clock, 0.25),
            folder=folder,
            duration_s=20.0,
            clock=clock,
        )
        live.run()
    record = read_session(folder)
    assert (record.recording.dropped, record.recording.stopped) == ({}, None)
    assert record.analysis.dropped == {}
    replayed = tmp_path / "replayed"
    FileSession(folder / "media.mkv", Config(), stages, replayed).run()

    told, retold = points(folder / "timeline.jsonl"), points(replayed / "timeline.jsonl")
    assert set(told) <= set(retold)
    assert len(told) >= 78
    said = [[word["text"] for point in story.values() for word in point["words"]] for story in (told, retold)]
    assert len(said[0]) > 30
    assert said[0] == said[1]
    leading = [max(told[t]["polarity"], key=told[t]["polarity"].get) for t in told]
    leading_again = [max(retold[t]["polarity"], key=retold[t]["polarity"].get) for t in told]
    agreement = np.mean([one == other for one, other in zip(leading, leading_again, strict=True)])
    far = {m: max(abs(told[t][m] - retold[t][m]) for t in told) for m in ("valence", "arousal")}
    assert agreement >= 0.99
    assert max(far.values()) <= 0.05
