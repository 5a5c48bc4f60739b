"""What comes of a single picture, and of a file in which there is nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from live_sentiment.core.types import VideoFrame
from live_sentiment.models.store.store import ModelStore
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import media_factory as factory
from tests.helpers.places import MEDIA, needs_media

pytestmark = [pytest.mark.models, needs_media]


def replay(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "live_sentiment", "replay", *map(str, arguments), "--no-dashboard"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_photo_is_one_point_and_what_has_no_picture_is_one_line(
    model_store: ModelStore, tmp_path: Path
) -> None:
    frames = (item for item in MediaSource(MEDIA / "speech_8s_512p25.mp4") if isinstance(item, VideoFrame))
    factory.write_photo(tmp_path / "face.jpg", next(frames).image[..., ::-1], orientation=1)
    # The first bytes of a picture, as an interrupted copy leaves them.
    factory.cut(tmp_path / "face.jpg", 0.01, tmp_path / "cut.jpg")
    done = replay(tmp_path / "face.jpg", tmp_path / "cut.jpg", "--output", tmp_path / "out")
    timeline = tmp_path / "out" / "face" / "timeline.jsonl"
    lines = [json.loads(line) for line in timeline.read_text("utf-8").splitlines()]
    (point,) = [line for line in lines if line["type"] == "point"]
    assert point["time"] == 0.25
    assert point["presence"]["vision"]["present"]
    assert point["presence"]["voice"]["reason"] == "no audio track"
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "cut.jpg" in done.stderr
