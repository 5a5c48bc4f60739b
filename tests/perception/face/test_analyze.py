"""The face stage: which frames it looks at, whom it reports, what it says of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.config import FaceConfig
from live_sentiment.core.types import EMOTIONS, ImageArray, StageOutput, VideoFrame
from live_sentiment.models import face as face_models
from live_sentiment.models.face_detector import Detection
from live_sentiment.models.face_expression import ExpressionNet
from live_sentiment.models.store.shipped import save_shipped
from live_sentiment.perception.face import analyze
from live_sentiment.perception.face.align import TEMPLATE
from live_sentiment.perception.face.analyze import FaceAnalyzer
from tests.helpers.stages import face_stage

WIDTHS = [4, 6, 8, 10]
PRIOR = [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]


class Scene:
    """Stands for the detector: says where faces are, and counts how often it is asked."""

    def __init__(self, *faces: tuple[float, float, float]) -> None:
        self.faces = faces
        self.asked = 0

    def __call__(self, image: ImageArray) -> list[Detection]:
        self.asked += 1
        return [
            Detection((left, top, size, size), (TEMPLATE * size / 48 + [left, top]).astype(np.float32), 0.9)
            for left, top, size in self.faces
        ]


Build = Callable[..., FaceAnalyzer]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    torch.manual_seed(0)
    metadata = {
        "part": "face",
        "labels": EMOTIONS,
        "temperature": 1.0,
        "prior": PRIOR,
        "widths": WIDTHS,
        "depths": [1, 1, 1],
        "familiar_up_to": None,
    }
    save_shipped(tmp_path / "net.safetensors", ExpressionNet(WIDTHS, [1, 1, 1]).state_dict(), metadata)

    def build(scene: Scene, **settings: object) -> FaceAnalyzer:
        monkeypatch.setattr(face_models, "FaceDetector", lambda *arguments: scene)
        monkeypatch.setattr(analyze, "UprightCheck", lambda *arguments: lambda image, face: face)
        config = FaceConfig(encoder=str(tmp_path / "net.safetensors"), **settings)
        return face_stage(config, tmp_path)

    return build


def frame(time_s: float, seed: int = 0) -> VideoFrame:
    image = np.random.default_rng(seed).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    return VideoFrame(image, time_s)


def people(output: StageOutput) -> list[int | None]:
    return [observation.person for observation in output.observations]


@pytest.mark.parametrize(
    ("fps", "rate_hz", "looked"), [(25, 12.5, 25), (30, 12.5, 25), (30, 100.0, 60), (10, 5.0, 10)]
)
def test_the_rate_is_kept_by_time_whatever_the_frame_rate(
    build: Build, fps: int, rate_hz: float, looked: int
) -> None:
    stage = build(Scene(), rate_hz=rate_hz)
    for index in range(2 * fps):
        assert stage(frame(index / fps)).watermark_s == index / fps
    assert stage.frames_analysed == looked


def test_the_detector_looks_at_every_nth_frame_while_it_sees_someone(build: Build) -> None:
    scene = Scene((50, 50, 100))
    stage = build(scene, rate_hz=10, detect_every=3)
    for index in range(9):
        assert people(stage(frame(index / 10))) == [1]
    assert scene.asked == 3


def test_while_nobody_is_seen_the_detector_looks_at_every_frame(build: Build) -> None:
    scene = Scene()
    stage = build(scene, rate_hz=10, detect_every=3)
    for index in range(4):
        assert stage(frame(index / 10)).observations == ()
    assert scene.asked == 4
    scene.faces = ((50, 50, 100),)
    assert people(stage(frame(0.4))) == [1]
    assert (stage.frames_analysed, stage.frames_with_face) == (5, 1)


def test_the_first_frame_behind_a_cut_is_searched_and_a_face_unlike_the_one_before_is_somebody_else(
    build: Build,
) -> None:
    scene = Scene((50, 50, 100))
    stage = build(scene, rate_hz=10, detect_every=5)
    seen = [people(stage(frame(index / 10, seed=index // 7))) for index in range(14)]
    assert seen == [[1]] * 7 + [[2]] * 7
    assert scene.asked == 4


def test_the_largest_people_are_kept(build: Build) -> None:
    stage = build(Scene((0, 0, 40), (100, 0, 80), (200, 100, 60)), max_people=2)
    output = stage(frame(0.0))
    assert sorted(observation.details["box"][2] for observation in output.observations) == [60, 80]


def test_an_observation_says_where_when_and_how_sure(build: Build) -> None:
    stage = build(Scene((50, 60, 100)))
    (seen,) = stage(frame(0.04)).observations
    assert (seen.modality, seen.time_s, seen.person) == ("vision", 0.04, 1)
    assert seen.details["box"] == pytest.approx((50, 60, 100, 100))
    assert seen.details["score"] == pytest.approx(0.9)
    assert seen.embedding.shape == (stage.expert.embedding_dim,) == (10,)
    assert seen.emotions.sum() == pytest.approx(1)
    assert 0 < seen.quality <= 1


def test_boxes_are_in_pixels_of_the_picture_as_shown(build: Build) -> None:
    small = dataclasses.replace(frame(0.0), scale=4.0)
    (whole,), (scaled,) = (
        build(Scene((20, 30, 50)))(picture).observations for picture in (frame(0.0), small)
    )
    assert scaled.details["box"] == pytest.approx([4 * side for side in whole.details["box"]])
    assert scaled.emotions.tobytes() == whole.emotions.tobytes()


def test_mouth_motion_compares_a_person_with_the_frame_before(build: Build) -> None:
    stage = build(Scene((50, 60, 100)), rate_hz=10, detect_every=1)
    motion = []
    for index, seed in enumerate((0, 0, 1, 1)):
        given = frame(index / 10)
        given.image[124:154, 73:127] = frame(0.0, seed).image[124:154, 73:127]
        motion.append(stage(given).observations[0].details["mouth_motion"])
    assert motion[0] == motion[1] == motion[3] == 0
    assert motion[2] > 0.05


def test_the_expert_states_the_prior_of_both_scales(build: Build) -> None:
    expert = build(Scene()).expert
    np.testing.assert_allclose(expert.emotion_prior, PRIOR)
    np.testing.assert_allclose(expert.polarity_prior, [0.4, 0.4, 0.2], atol=1e-6)
    assert expert.modality == "vision"
    assert len(expert.sha256) == 64


def test_after_reset_the_same_video_gives_the_same_bytes(build: Build) -> None:
    stage = build(Scene((50, 60, 100), (180, 60, 90)), rate_hz=10)

    def run() -> list[bytes]:
        return [
            observation.emotions.tobytes() + repr((observation.person, observation.details)).encode()
            for index in range(5)
            for observation in stage(frame(index / 10, index)).observations
        ]

    first = run()
    stage.reset()
    assert (stage.frames_analysed, stage.frames_with_face) == (0, 0)
    assert run() == first
