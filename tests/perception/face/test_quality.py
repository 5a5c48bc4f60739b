"""What lowers the trust in a face."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from live_sentiment.core.types import FaceTrack, ImageArray
from live_sentiment.perception.face.align import TEMPLATE
from live_sentiment.perception.face.quality import face_quality

SHARP_CROP = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
BLURRED_CROP = cv2.normalize(
    cv2.GaussianBlur(SHARP_CROP.astype(np.float32), (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX
).astype(np.uint8)


def quality(landmarks: np.ndarray = TEMPLATE * 4, score: float = 1.0, crop: ImageArray = SHARP_CROP) -> float:
    return face_quality(FaceTrack(1, (0, 0, 200, 200), landmarks.astype(np.float32), score), crop)


def turned(nose_px: float) -> np.ndarray:
    landmarks = TEMPLATE * 4
    landmarks[2, 0] += nose_px
    return landmarks


def test_a_large_sharp_frontal_sure_face_is_trusted() -> None:
    assert quality() > 0.95


def test_it_does_not_depend_on_where_the_face_is_or_how_it_is_tilted_sideways() -> None:
    angle = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    assert quality(TEMPLATE * 4 @ angle.T + 300) == pytest.approx(quality(), abs=1e-4)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (quality(), quality(TEMPLATE * 0.4)),
        (quality(TEMPLATE * 0.4), quality(TEMPLATE * 0.2)),
        (quality(), quality(turned(15))),
        (quality(turned(15)), quality(turned(40))),
        (quality(), quality(score=0.5)),
        (quality(), quality(crop=BLURRED_CROP)),
    ],
    ids=["small", "tiny", "turned", "far turned", "unsure", "blurred"],
)
def test_what_is_worse_is_trusted_less(better: float, worse: float) -> None:
    assert 0 <= worse < better - 0.04


def test_a_flat_crop_is_worth_nothing() -> None:
    assert quality(crop=np.full((48, 48), 128, np.uint8)) == 0
