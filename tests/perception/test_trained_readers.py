"""The stages read through an expert of one's own training where one is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.config import EncoderConfig, FaceConfig, ModelsConfig, TextConfig, VoiceConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import AudioBlock, Modality, SpeechActivity, VideoFrame, Word
from live_sentiment.models import face
from live_sentiment.models.encoders.expert import Calibration, ExpertHead, TrainedExpert, save_expert
from live_sentiment.models.encoders.registry import build_encoder
from live_sentiment.models.face_detector import Detection
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.face.align import CROP_PX, TEMPLATE, align, align_colour
from tests.helpers.stages import face_stage, text_stage, voice_stage

CPU = torch.device("cpu")
Save = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(ModelsConfig(cache=tmp_path / "cache", offline=True))


@pytest.fixture
def save(tmp_path: Path, store: ModelStore) -> Save:
    def save(modality: Modality, name: str) -> Path:
        torch.manual_seed(0)
        encoder = build_encoder(modality, EncoderConfig(name=name, width=16, max_tokens=6), store, CPU)
        encoder.learn_words(["we are so happy", "so happy we are", "now"] * 2)
        calibration = Calibration(1.0, 1.0, np.full(7, 1 / 7, np.float32), np.full(3, 1 / 3, np.float32))
        save_expert(tmp_path / f"{name}.safetensors", encoder, ExpertHead(encoder.dim), calibration)
        return tmp_path / f"{name}.safetensors"

    return save


def expert(file: Path, modality: Modality, store: ModelStore) -> TrainedExpert:
    return TrainedExpert(load_shipped(str(file)), modality, store, CPU)


def test_words_are_read_by_the_expert(save: Save, store: ModelStore, tmp_path: Path) -> None:
    file = save("text", "word-lstm")
    stage = text_stage(TextConfig(head=str(file), context_utterances=2), tmp_path, store)
    words = [Word(text, 0.4 * n, 0.4 * n + 0.3, 0.9) for n, text in enumerate(["We", "are", "so", "happy."])]
    found = stage(words).observations
    read = expert(file, "text", store).read("We are so happy.")
    assert found[-1].details["utterance"] == "We are so happy."
    np.testing.assert_array_equal(found[-1].embedding, read.embedding)
    np.testing.assert_array_equal(found[-1].emotions, read.emotions)
    np.testing.assert_array_equal(found[-1].polarity, read.polarity)
    assert stage.expert.model == "word-lstm + word-lstm"


def test_a_talk_without_a_pause_stays_within_the_experts_limit(
    save: Save, store: ModelStore, tmp_path: Path
) -> None:
    stage = text_stage(TextConfig(head=str(save("text", "word-lstm"))), tmp_path, store)
    words = [Word("so", 0.4 * n, 0.4 * n + 0.3, 0.9) for n in range(12)]
    assert stage(words).observations[-1].details["utterance"] == "so so so so so"


def test_the_voice_is_read_by_the_expert(save: Save, store: ModelStore, tmp_path: Path) -> None:
    file = save("voice", "mel-lstm")
    stage = voice_stage(VoiceConfig(head=str(file)), tmp_path, store)
    sound = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    chunks = 50
    spoken = SpeechActivity(0.0, 0.02, np.ones(chunks, np.float32), np.ones(chunks, np.bool_))
    found = stage(AudioBlock(sound, 0.0), spoken).observations
    assert [one.time_s for one in found] == [0.5, 1.0]
    read = expert(file, "voice", store).read(sound, np.ones(len(sound), np.bool_))
    np.testing.assert_array_equal(found[-1].embedding, read.embedding)
    np.testing.assert_array_equal(found[-1].emotions, read.emotions)
    assert stage.expert.model == "mel-lstm + mel-lstm"
    stage.reset()
    again = stage(AudioBlock(sound, 0.0), spoken).observations
    np.testing.assert_array_equal(again[-1].embedding, read.embedding)


def test_faces_are_read_by_the_expert_in_colour(
    save: Save, store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    landmarks = [(TEMPLATE * 3 + [20 + 150 * n, 30]).astype(np.float32) for n in range(2)]
    scene = [Detection((20 + 150 * n, 30, 144, 144), landmarks[n], 0.9) for n in range(2)]
    monkeypatch.setattr(face, "FaceDetector", lambda *arguments: lambda image: scene)
    file = save("vision", "small-cnn")
    stage = face_stage(FaceConfig(encoder=str(file)), tmp_path, CPU, store)
    image = np.random.default_rng(0).integers(0, 256, (240, 360, 3)).astype(np.uint8)
    found = stage(VideoFrame(image, 0.0)).observations
    assert len(found) == 2
    reader = expert(file, "vision", store)
    for one in found:
        number = int(one.details["box"][0] > 100)
        read = reader.read(align_colour(image, landmarks[number], 64))
        np.testing.assert_array_equal(one.embedding, read.embedding)
        np.testing.assert_array_equal(one.emotions, read.emotions)
    assert stage.expert.model == "small-cnn + small-cnn"


def test_a_head_of_another_modality_is_refused(save: Save, store: ModelStore, tmp_path: Path) -> None:
    file = str(save("text", "word-attention"))
    with pytest.raises(UsageError, match="cannot read voice"):
        voice_stage(VoiceConfig(head=file), tmp_path, store)


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.3, 9.0])
def test_the_colour_crop_has_the_framing_of_the_grey_one(scale: float) -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (12, 12)).astype(np.float32)
    side = int(48 * scale) + 40
    smooth = np.kron(small, np.ones((side // 12 + 1, side // 12 + 1)))[:side, :side].astype(np.uint8)
    image = np.repeat(smooth[:, :, None], 3, axis=2)
    landmarks = TEMPLATE * scale + 11
    grey = align(image, landmarks)
    colour = align_colour(image, landmarks, CROP_PX)
    assert np.abs(colour[:, :, 0].astype(int) - grey).max() <= 1
    large = align_colour(image, landmarks, 2 * CROP_PX)
    assert large.shape == (96, 96, 3)
    means = large[:, :, 1].reshape(48, 2, 48, 2).mean(axis=(1, 3))
    assert np.abs(means - grey).mean() < 6


def test_the_colour_crop_is_red_green_blue() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :, 2] = 200  # red, as OpenCV has it
    assert align_colour(image, TEMPLATE + 20, 32)[16, 16].tolist() == [200, 0, 0]
