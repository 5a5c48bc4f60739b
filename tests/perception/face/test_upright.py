"""Faces that lie on their side or stand on their head, with the detector that ships."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from live_sentiment.core.config import FaceConfig
from live_sentiment.core.types import EMOTIONS, FloatArray, ImageArray, VideoFrame
from live_sentiment.models.face import CUT_OUT_PX, CUT_OUT_SCORE
from live_sentiment.models.face_detector import Detection, FaceDetector
from live_sentiment.models.store.store import FACE_DETECTOR, ModelStore
from live_sentiment.perception.face.upright import UprightCheck
from tests.helpers.stages import face_stage

pytestmark = [pytest.mark.models]

DEMO = Path(__file__).parents[3] / "recordings" / "demo.mp4"


@pytest.fixture(scope="module")
def folder(model_store: ModelStore) -> Path:
    return model_store.path(FACE_DETECTOR)


@pytest.fixture(scope="module")
def images() -> list[ImageArray]:
    with av.open(str(DEMO)) as container:
        frames = (frame.to_ndarray(format="bgr24") for frame in container.decode(video=0))
        return [frame for number, frame in enumerate(frames) if number % 60 == 10]


def check(folder: Path) -> UprightCheck:
    return UprightCheck(FaceDetector(folder, CUT_OUT_PX, CUT_OUT_SCORE))


def checked(folder: Path, image: ImageArray) -> Detection:
    (face,) = FaceDetector(folder)(image)
    return check(folder)(image, face)


def eyes_to_mouth_deg(landmarks: FloatArray) -> float:
    """0 is upright; clockwise."""
    right_eye, left_eye, _, right_mouth, left_mouth = landmarks
    x, y = right_mouth + left_mouth - right_eye - left_eye
    return float(np.degrees(np.arctan2(-x, y)))


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_face_has_its_landmarks_where_they_are(
    folder: Path, images: list[ImageArray], quarters: int
) -> None:
    for image in images:
        upright = checked(folder, image)
        turned = checked(folder, np.ascontiguousarray(np.rot90(image, quarters)))
        expected = upright.landmarks
        for _ in range(quarters):  # of a square picture
            expected = np.column_stack([expected[:, 1], image.shape[0] - 1 - expected[:, 0]])
        size = max(upright.box[2:])
        assert np.linalg.norm(turned.landmarks - expected, axis=1).max() < 0.1 * size
        assert abs(eyes_to_mouth_deg(turned.landmarks)) > 60


@pytest.mark.parametrize("roll_deg", [-30, -15, 0, 15, 30])
def test_a_face_that_leans_is_left_as_the_detector_found_it(
    folder: Path, images: list[ImageArray], roll_deg: int
) -> None:
    for image in images:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), roll_deg, 1)
        leaning = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        for face in FaceDetector(folder)(leaning):
            assert check(folder)(leaning, face) is face


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_face_shows_what_it_shows_upright(
    folder: Path, images: list[ImageArray], quarters: int
) -> None:
    def seen(turns: int) -> FloatArray:
        stage = face_stage(FaceConfig(), folder)
        read = [
            stage(VideoFrame(np.ascontiguousarray(np.rot90(image, turns)), 3.0 * number))
            for number, image in enumerate(images)
        ]
        assert all(output.observations for output in read)
        return np.array([output.observations[0].emotions for output in read])

    upright, turned = seen(0), seen(quarters)
    joy = EMOTIONS.index("joy")
    assert np.abs(upright - turned).mean(axis=0)[joy] < 0.15
    assert (upright.argmax(axis=1) == turned.argmax(axis=1)).mean() >= 0.7
