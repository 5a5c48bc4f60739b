"""The clip that a newcomer tries first."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from live_sentiment.core.types import AudioBlock, Event, VideoFrame
from live_sentiment.models.store.store import ModelStore
from live_sentiment.sources.media.media import MediaSource

DEMO = Path(__file__).parents[2] / "recordings" / "demo.mp4"


def test_the_demo_is_small_whole_and_has_picture_and_sound() -> None:
    assert DEMO.stat().st_size < 1_000_000
    source = MediaSource(DEMO)
    assert (source.info.has_video, source.info.has_audio) == (True, True)
    items = list(source)
    assert not [item for item in items if isinstance(item, Event)]
    seconds = max(item.end_s for item in items if isinstance(item, AudioBlock))
    assert 12.0 < seconds < 15.0
    assert sum(isinstance(item, VideoFrame) for item in items) == pytest.approx(25 * seconds, abs=2)


@pytest.mark.models
def test_a_face_is_seen_in_every_frame_of_the_demo(model_store: ModelStore) -> None:
    model = model_store.path("yunet-2023mar") / "face_detection_yunet_2023mar.onnx"
    frames = [item for item in MediaSource(DEMO, frame_rate_hz=5.0) if isinstance(item, VideoFrame)]
    height, width = frames[0].image.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(model), "", (width, height), 0.8)
    found = [detector.detect(frame.image)[1] for frame in frames]
    assert all(faces is not None and len(faces) == 1 for faces in found)
