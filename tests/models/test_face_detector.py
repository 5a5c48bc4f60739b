"""The real detector on a real face (public domain, from scikit-image's own data)."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray
from live_sentiment.models.face_detector import FaceDetector
from live_sentiment.models.store.store import ModelStore

FACE = (180.0, 63.0, 90.0, 112.0)
"""About where the face lies in the picture: left, top, width, height."""


@pytest.fixture(scope="module")
def astronaut() -> ImageArray:
    data = pytest.importorskip("skimage.data")
    return np.ascontiguousarray(data.astronaut()[..., ::-1])


@pytest.fixture(scope="module")
def folder(model_store: ModelStore) -> Path:
    return model_store.path("yunet-2023mar")


@pytest.mark.models
@pytest.mark.parametrize("scale", [0.5, 1.0, 1.37])
def test_box_and_landmarks_are_in_pixels_of_the_full_picture(
    folder: Path, astronaut: ImageArray, scale: float
) -> None:
    picture = cv2.resize(astronaut, None, fx=scale, fy=scale)
    (face,) = FaceDetector(folder)(picture)
    left, top, width, height = np.array(face.box) / scale
    assert (left, top) == pytest.approx(FACE[:2], abs=12)
    assert (width, height) == pytest.approx(FACE[2:], abs=15)
    right_eye, left_eye, nose, right_mouth, left_mouth = face.landmarks / scale
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < left_mouth[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])
    assert 0.8 < face.score <= 1


@pytest.mark.models
def test_a_narrow_picture_keeps_its_proportions(folder: Path, astronaut: ImageArray) -> None:
    (face,) = FaceDetector(folder)(astronaut[:, 130:330])
    assert face.box[0] == pytest.approx(FACE[0] - 130, abs=12)
    assert face.box[1] == pytest.approx(FACE[1], abs=12)


@pytest.mark.models
def test_two_faces_are_two_the_surest_first(folder: Path, astronaut: ImageArray) -> None:
    faces = FaceDetector(folder, 640)(np.hstack([astronaut, astronaut[:, ::-1]]))
    assert len(faces) == 2
    assert faces[0].score >= faces[1].score


@pytest.mark.models
def test_no_face_is_an_empty_list(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    assert FaceDetector(folder)(noise) == []


def test_a_folder_without_the_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"face_detection_yunet_2023mar\.onnx"):
        FaceDetector(tmp_path)
