"""The voice stage as the session uses it: a detector before it, real encoder, head and speech."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file
from scipy.special import softmax

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, AudioBlock, Observation
from live_sentiment.models.store.shipped import TRAINED, load_shipped, save_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.voice_emotion import load_head, polarity
from live_sentiment.perception.voice.analyze import VoiceAnalyzer
from live_sentiment.perception.voice.vad import SpeechActivityDetector
from tests.helpers.places import DATA, needs_data
from tests.helpers.stages import activity_stage, voice_stage

RATE = 16_000
CPU = torch.device("cpu")
DETAILS = {"pitch_hz", "energy_dbfs", "rate_hz", "speech_s"}

Stage = tuple[SpeechActivityDetector, VoiceAnalyzer]


@pytest.fixture(scope="module")
def whisper(model_store: ModelStore) -> Path:
    return model_store.path("whisper-tiny.en")


@pytest.fixture(scope="module")
def stage(whisper: Path) -> Stage:
    config = VoiceConfig()
    return activity_stage(config), voice_stage(config, whisper)


def clip(number: str) -> np.ndarray:
    sound, rate = soundfile.read(DATA / f"voice/ravdess/{number}.flac", dtype="float32")
    assert rate == RATE
    return sound


def hear(stage: Stage, blocks: list[AudioBlock]) -> list[Observation]:
    """What a session would do; checks the watermark on the way."""
    detector, analyzer = stage
    detector.reset()
    analyzer.reset()
    found: list[Observation] = []
    watermark_s = -np.inf
    for block in [*blocks, AudioBlock(blocks[0].samples[:0], blocks[-1].end_s)]:
        activity = detector(block) if len(block.samples) else detector.finish()
        output = analyzer(block, activity)
        assert output.watermark_s >= watermark_s
        assert all(watermark_s < seen.time_s <= output.watermark_s + 1e-6 for seen in output.observations)
        watermark_s = output.watermark_s
        found += output.observations
    return found + list(analyzer.finish().observations)


def same(one: list[Observation], other: list[Observation]) -> None:
    assert [seen.time_s for seen in one] == [seen.time_s for seen in other]
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left.embedding, right.embedding)
        np.testing.assert_array_equal(left.emotions, right.emotions)
        assert left.details == right.details
        assert left.quality == right.quality


@needs_data
@pytest.mark.models
def test_an_actor_is_observed_while_he_speaks(stage: Stage) -> None:
    found = hear(stage, [AudioBlock(clip("03-01-05-02-01-01-12"), 20.0)])
    assert len(found) >= 2
    assert all(21.0 <= seen.time_s <= 23.5 and seen.time_s % 0.5 == 0 for seen in found)
    for seen in found:
        assert seen.modality == "voice"
        assert seen.person is None
        assert seen.embedding.shape == (stage[1].expert.embedding_dim,)
        assert seen.emotions.sum() == pytest.approx(1, abs=1e-5)
        np.testing.assert_allclose(seen.polarity, polarity(seen.emotions), atol=1e-6)
        assert seen.details.keys() == DETAILS
        assert seen.quality == pytest.approx(seen.details["speech_s"] / VoiceConfig().context_s)
        assert 60 < seen.details["pitch_hz"] < 500


@needs_data
@pytest.mark.models
@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 16_000), max_size=12))
def test_the_cut_into_blocks_changes_nothing(stage: Stage, sizes: list[int]) -> None:
    sound = clip("03-01-04-01-02-02-07")
    blocks, at = [], 0
    for size in [*sizes, len(sound)]:
        blocks.append(AudioBlock(sound[at : at + size], 0.1 + at / RATE))
        at = min(at + size, len(sound))
    same(hear(stage, blocks), hear(stage, [AudioBlock(sound, 0.1)]))


@needs_data
@pytest.mark.models
def test_after_a_gap_time_is_that_of_the_stamps(stage: Stage) -> None:
    sound = clip("03-01-03-02-01-01-09")
    times = [seen.time_s for seen in hear(stage, [AudioBlock(sound, 0.0), AudioBlock(sound, 1000.0)])]
    before = [time_s for time_s in times if time_s < 500]
    assert [time_s - 1000 for time_s in times if time_s > 500] == before


@pytest.mark.models
def test_silence_is_no_voice(stage: Stage) -> None:
    noise = np.random.default_rng(0).normal(0, 0.003, 10 * RATE).astype(np.float32)
    assert hear(stage, [AudioBlock(noise, 0.0)]) == []


@needs_data
@pytest.mark.models
def test_acted_anger_and_calm_are_told_apart(stage: Stage) -> None:
    """Actors the head learnt from: this asks whether the stage uses it rightly, not how good it is."""

    calm, angry = [], []
    for actor in (3, 6, 7, 8, 9, 12):
        first, then = clip(f"03-01-02-01-01-01-{actor:02}"), clip(f"03-01-05-02-01-01-{actor:02}")
        found = hear(stage, [AudioBlock(first, 0.0), AudioBlock(then, 10.0)])
        calm.append([seen for seen in found if seen.time_s < 10][-1].emotions)
        angry.append(found[-1].emotions)
    assert EMOTIONS[int(np.mean(calm, axis=0).argmax())] == "neutral"
    assert EMOTIONS[int(np.mean(angry, axis=0).argmax())] == "anger"


@pytest.mark.models
def test_a_head_of_another_encoder_is_refused(whisper: Path, tmp_path: Path) -> None:
    shipped = load_shipped("voice-emotion")
    other = tmp_path / "other.safetensors"
    save_shipped(other, shipped.tensors, dict(shipped.metadata) | {"encoder_fingerprint": "0" * 64})
    with pytest.raises(UsageError, match="another encoder"):
        voice_stage(VoiceConfig(head=str(other)), whisper)


def test_the_shipped_head_says_what_it_is() -> None:
    head = load_head("voice-emotion")
    assert head.expert.modality == "voice"
    assert head.weight.shape == (7, head.layers * head.expert.embedding_dim)
    np.testing.assert_allclose(head.expert.emotion_prior.sum(), 1, atol=1e-6)
    np.testing.assert_allclose(polarity(head.expert.emotion_prior), head.expert.polarity_prior, atol=1e-6)
    assert (TRAINED / "voice-emotion.md").read_text().startswith("# voice-emotion")
    with safe_open(TRAINED / "voice-emotion.safetensors", framework="pt") as file:
        metadata = json.loads(file.metadata()["live_sentiment"])
    assert metadata["labels"] == list(EMOTIONS)


def test_probabilities_are_the_logits_over_the_temperature() -> None:
    head = load_head("voice-emotion")
    x = np.random.default_rng(0).normal(size=head.weight.shape[1]).astype(np.float32)
    expected = softmax((head.weight @ x + head.bias) / head.temperature)
    np.testing.assert_allclose(head(x), expected, rtol=1e-4)


def test_fusion_gets_the_mean_over_the_layers() -> None:
    head = load_head("voice-emotion")
    means, deviations = np.random.default_rng(0).normal(size=(2, head.layers, 384))
    normalised = np.concatenate((means.ravel(), deviations.ravel()))
    expected = np.concatenate((means.mean(axis=0), deviations.mean(axis=0)))
    np.testing.assert_allclose(head.embed(normalised), expected)
    np.testing.assert_allclose(head.embed(np.stack((normalised, normalised)))[1], expected)


def test_polarity_sums_the_emotions() -> None:
    for emotion, index in (("joy", 2), ("neutral", 1), ("surprise", 1), ("fear", 0), ("anger", 0)):
        assert polarity(np.eye(7)[EMOTIONS.index(emotion)]).tolist() == np.eye(3)[index].tolist()


def test_weights_of_another_part_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(2)}, other, metadata={"live_sentiment": json.dumps({"part": "text"})})
    with pytest.raises(UsageError, match="not a voice head"):
        load_head(str(other))
