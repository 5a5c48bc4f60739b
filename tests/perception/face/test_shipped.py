"""The shipped network on real faces: the acted clips, and a sample of validation pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from live_sentiment.core.config import ComputeConfig, FaceConfig
from live_sentiment.core.types import EMOTIONS, Observation, VideoFrame
from live_sentiment.models import compute
from live_sentiment.models.face_expression import Expression
from live_sentiment.models.store.shipped import TRAINED, load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.face.analyze import FaceAnalyzer
from live_sentiment.training.data.face_data import load_ferplus
from tests.helpers.places import DATA, MEDIA, needs_data, needs_media
from tests.helpers.stages import face_stage

ACTED = {"happy": "joy", "sad": "sadness", "surprised": "surprise"}


@pytest.fixture(scope="module")
def device() -> torch.device:
    return compute.apply(ComputeConfig(device="cpu"))


@pytest.fixture(scope="module")
def stage(model_store: ModelStore, device: torch.device) -> FaceAnalyzer:
    return face_stage(FaceConfig(rate_hz=6.25), model_store.path("yunet-2023mar"), device)


def look(stage: FaceAnalyzer, clip: Path) -> list[Observation]:
    stage.reset()
    video, observations = cv2.VideoCapture(str(clip)), []
    fps = video.get(cv2.CAP_PROP_FPS)
    for index in range(150):
        there, image = video.read()
        if not there:
            break
        observations += stage(VideoFrame(np.asarray(image, np.uint8), index / fps)).observations
    video.release()
    return observations


@needs_media
@pytest.mark.media
@pytest.mark.models
@pytest.mark.parametrize(("acted", "expected"), ACTED.items())
def test_the_acted_clips_are_read_right(stage: FaceAnalyzer, acted: str, expected: str) -> None:
    observations = look(stage, MEDIA / "expressions_silent" / f"mead256_{acted}_SILENT.mp4")
    # As fusion reads it: the class prior says how often emotions come, not what was asked of an actor.
    evidence = np.stack([observation.emotions for observation in observations]) / stage.expert.emotion_prior
    mean = np.mean(evidence / evidence.sum(axis=1, keepdims=True), axis=0)
    assert EMOTIONS[int(mean.argmax())] == expected
    first, second = np.sort(mean)[:-3:-1]
    assert first > second + 0.1
    assert stage.frames_with_face == stage.frames_analysed


@needs_media
@pytest.mark.media
@pytest.mark.models
@pytest.mark.parametrize(
    "clip", ["address_20s_450p25.mp4", "portrait_10s_1080x1920p25.mp4", "grid/bbaf2n.mpg"]
)
def test_one_person_is_followed_through_a_clip(stage: FaceAnalyzer, clip: str) -> None:
    observations = look(stage, MEDIA / clip)
    assert stage.frames_with_face >= 0.95 * stage.frames_analysed
    assert {observation.person for observation in observations} == {1}
    assert np.median([observation.quality for observation in observations]) > 0.7


def test_the_metadata_states_figures_above_the_bars() -> None:
    test = load_shipped("face-expression").metadata["test"]["clear"]
    assert test["accuracy"] >= 0.86
    assert test["mean_recall"] >= 0.76
    assert test["calibration_error"] <= 0.05
    assert test["calibration_error_rebalanced"] <= 0.05
    card = (TRAINED / "face-expression.md").read_text()
    assert f"{100 * test['accuracy']:.1f} | {100 * test['mean_recall']:.1f}" in card
    assert (TRAINED / "face-expression.safetensors").stat().st_size <= 10e6


@needs_data
def test_validation_faces_are_read_as_well_as_the_metadata_says(device: torch.device) -> None:
    weights = load_shipped("face-expression")
    valid = load_ferplus(DATA / "face")["valid"]
    clear = valid.select(valid.clear)
    sample = slice(None, None, 6)
    readings = Expression(weights, device)(list(clear.images[sample]))
    accuracy = (readings.emotions.argmax(axis=1) == clear.labels[sample]).mean()
    assert accuracy == pytest.approx(weights.metadata["valid"]["clear_plain"]["accuracy"], abs=0.05)
