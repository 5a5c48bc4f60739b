"""The layers of the Whisper encoder, against CTranslate2's own and faster-whisper's spectrogram."""

from pathlib import Path

import numpy as np
import pytest
import torch
from faster_whisper.feature_extractor import FeatureExtractor

from live_sentiment.core.errors import RunError
from live_sentiment.models.ctranslate2_reader import read_arrays
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.voice_encoder import (
    LogMel,
    VoiceEncoder,
    WhisperLayers,
    pool,
    speech_frames,
)
from tests.helpers.voices import write_model

RATE = 16_000
CPU = torch.device("cpu")


def sound(seconds: float) -> np.ndarray:
    """Noise whose pitch and level wander."""
    t = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).normal(0, 0.02, len(t))
    return (noise + 0.2 * np.sin(6 * t) * np.sin(2 * np.pi * (200 + 50 * np.sin(t)) * t)).astype(np.float32)


def test_reads_what_is_wanted_and_nothing_else(tmp_path: Path) -> None:
    weight = np.arange(6, dtype=np.float16).reshape(2, 3)
    write_model(tmp_path / "model.bin", {"a/weight": weight, "b": np.int8([1, 2]), "c": np.array(4.0, "f4")})
    arrays = read_arrays(tmp_path / "model.bin", lambda name: name != "b")
    assert arrays.keys() == {"a/weight", "c"}
    np.testing.assert_array_equal(arrays["a/weight"], weight)
    assert arrays["c"].shape == ()


@pytest.mark.parametrize("kept", [0, 3, 20, 60, 70])
def test_a_model_cut_short_is_refused(tmp_path: Path, kept: int) -> None:
    file = tmp_path / "model.bin"
    write_model(file, {"encoder/conv1/weight": np.ones((4, 4), np.float32)})
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(RunError, match="cannot read the model"):
        read_arrays(file, lambda name: True)


def test_another_version_or_type_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    write_model(file, {}, version=5)
    with pytest.raises(RunError, match="version 5"):
        read_arrays(file, lambda name: True)
    write_model(file, {"x": np.ones(2)})
    with pytest.raises(RunError, match="unknown type"):
        read_arrays(file, lambda name: True)


def test_another_model_is_not_a_whisper(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot read"):
        VoiceEncoder(tmp_path, CPU)
    write_model(tmp_path / "model.bin", {"decoder/x": np.ones(2, np.float32)})
    with pytest.raises(RunError, match="does not hold a Whisper encoder"):
        VoiceEncoder(tmp_path, CPU)


def test_log_mel_is_whispers() -> None:
    samples = sound(2.5)
    ours = LogMel()(torch.from_numpy(samples)[None])[0].numpy()
    np.testing.assert_allclose(ours, FeatureExtractor()(samples, padding=0), atol=1e-3)


def test_a_quieter_voice_is_the_same_but_for_its_level() -> None:
    samples = torch.from_numpy(sound(1.0))
    mel = LogMel()
    loud, soft = mel(samples[None])[0], mel(0.1 * samples[None])[0]
    torch.testing.assert_close(loud - soft, torch.full_like(loud, 2 / 4), atol=1e-3, rtol=0)


def test_speech_frames_match_the_frames() -> None:
    network = WhisperLayers(64, 1).eval()
    for samples in (400, 16_000, 16_001, 16_159, 16_160, 16_320, 16_479, 16_481):
        mel = LogMel()(torch.zeros(1, samples))
        assert speech_frames(np.ones(samples, np.bool_)).shape == (network(mel).shape[1],)


def test_pooling_looks_at_speech_only() -> None:
    frames = torch.tensor([[[1.0, 0.0]], [[3.0, 4.0]], [[1000.0, 1000.0]]])
    pooled = pool(frames, np.array([True, True, False]))
    np.testing.assert_allclose(pooled, [2, 2, 1, 2])


def test_an_embedding_has_the_means_of_all_layers_then_the_deviations() -> None:
    frames = torch.arange(12.0).reshape(2, 2, 3)
    pooled = pool(frames, np.ones(2, np.bool_))
    np.testing.assert_allclose(pooled[:6], frames.mean(dim=0).flatten())
    np.testing.assert_allclose(pooled[6:], np.full(6, 3.0))


@pytest.mark.models
def test_all_layers_are_those_of_ctranslate2(model_store: ModelStore) -> None:
    import ctranslate2

    folder = model_store.path("whisper-tiny.en")
    samples = np.pad(sound(7.0), (0, 23 * RATE))
    ours = VoiceEncoder(folder, CPU).frames(samples)[:, -1]
    norm = read_arrays(folder / "model.bin", lambda name: name.startswith("encoder/layer_norm"))
    weight, bias = (
        torch.from_numpy(norm[f"encoder/layer_norm/{part}"]).float() for part in ("gamma", "beta")
    )
    normed = torch.nn.functional.layer_norm(ours, (384,), weight, bias).numpy()

    whisper = ctranslate2.models.Whisper(str(folder), compute_type="float32", intra_threads=1)
    mel = FeatureExtractor()(samples, padding=0)[None].astype(np.float32)
    theirs = np.array(whisper.encode(ctranslate2.StorageView.from_array(mel)))[0]
    np.testing.assert_allclose(normed, theirs, atol=2e-3)


@pytest.mark.models
def test_every_layer_is_that_of_transformers(model_store: ModelStore) -> None:
    from transformers import WhisperConfig
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    folder = model_store.path("whisper-tiny.en")
    ours = VoiceEncoder(folder, CPU)
    config = WhisperConfig(
        d_model=384, encoder_layers=4, encoder_attention_heads=6, encoder_ffn_dim=1536, num_mel_bins=80
    )
    theirs = WhisperEncoder(config).eval()
    theirs.layer_norm = torch.nn.Identity()
    state = {"embed_positions.weight": ours._network.positions}
    for name, tensor in ours._network.state_dict().items():
        if name.startswith("conv"):
            state[name] = tensor
        elif name.startswith("blocks"):
            _, layer, part, kind = name.split(".")
            renamed = {
                "attention_norm": "self_attn_layer_norm",
                "attention_out": "self_attn.out_proj",
                "mlp_norm": "final_layer_norm",
                "mlp_in": "fc1",
                "mlp_out": "fc2",
            }
            if part == "query_key_value":
                for which, piece in zip("qkv", tensor.chunk(3), strict=True):
                    state[f"layers.{layer}.self_attn.{which}_proj.{kind}"] = piece
            else:
                state[f"layers.{layer}.{renamed[part]}.{kind}"] = tensor
    state = {key: tensor for key, tensor in state.items() if not key.endswith("k_proj.bias")}
    theirs.load_state_dict(state)
    samples = np.pad(sound(5.0), (0, 25 * RATE))
    with torch.inference_mode():
        mel = ours._mel(torch.from_numpy(samples)[None])
        expected = theirs(mel, output_hidden_states=True).hidden_states[1:]
    torch.testing.assert_close(
        ours.frames(samples), torch.cat(expected).transpose(0, 1), atol=2e-3, rtol=1e-4
    )


@pytest.mark.models
def test_the_length_is_free_up_to_thirty_seconds(model_store: ModelStore) -> None:
    encoder = VoiceEncoder(model_store.path("whisper-tiny.en"), CPU)
    assert encoder.frames(sound(0.5)).shape == (25, 4, 384)
    assert encoder.frames(sound(30.0)).shape == (1500, 4, 384)
    for wrong in (sound(30.1), sound(0.02)):
        with pytest.raises(ValueError, match="30 s"):
            encoder.frames(wrong)


@pytest.mark.models
def test_the_fingerprint_tells_encoders_apart(model_store: ModelStore) -> None:
    folder = model_store.path("whisper-tiny.en")
    two, again, three = (VoiceEncoder(folder, CPU, layers) for layers in (2, 2, 3))
    assert two.fingerprint == again.fingerprint != three.fingerprint
    assert two.embedding_dim == 2 * 2 * 384
