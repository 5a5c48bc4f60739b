"""The encoders' numbers against those of the libraries that the networks come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, WhisperModel

from live_sentiment.core.config import EncoderConfig
from live_sentiment.models.encoders.encoder import pad
from live_sentiment.models.encoders.registry import build_encoder
from live_sentiment.models.encoders.vit import VisionTransformer
from live_sentiment.models.encoders.whisper import WhisperEncoder
from live_sentiment.models.face_expression import Expression
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.models.voice_encoder import VoiceEncoder
from tests.helpers.encoder_cases import CPU, RAW, Case


@pytest.mark.parametrize("kind", ["bert", "wav2vec2", "wav2vec2-layered", "hubert", "wavlm", "vit"])
@torch.no_grad()
def test_any_layer_is_what_transformers_gives(kind: str, networks: Path, offline_store: ModelStore) -> None:
    modality, name = {"bert": ("text", "transformer"), "vit": ("vision", "vit")}.get(
        kind, ("voice", "wav2vec2")
    )
    case = Case(modality, name, kind)
    encoder = case.build(networks, offline_store)
    inputs, mask = pad([encoder.prepare(RAW[modality][0])])
    reference = AutoModel.from_pretrained(networks / kind).eval()
    given = inputs[0] if kind == "vit" else inputs
    output = reference(given, output_hidden_states=True)

    def shaped(hidden: torch.Tensor) -> torch.Tensor:
        return hidden[:, :1] if kind == "vit" else hidden

    torch.testing.assert_close(encoder(inputs, mask).embeddings, shaped(output.last_hidden_state))
    for layer in (0, 1, 2):
        at_layer = case.build(networks, offline_store, layers=[layer])
        torch.testing.assert_close(at_layer(inputs, mask).embeddings, shaped(output.hidden_states[layer]))
    two = case.build(networks, offline_store, layers=[0, 2])
    mean = (output.hidden_states[0] + output.hidden_states[2]) / 2
    torch.testing.assert_close(two(inputs, mask).embeddings, shaped(mean))


@torch.no_grad()
def test_whisper_on_thirty_seconds_is_what_transformers_gives(
    networks: Path, offline_store: ModelStore
) -> None:
    mel = torch.randn(1, 80, 3000, generator=torch.Generator().manual_seed(0))
    reference = WhisperModel.from_pretrained(networks / "whisper").eval().encoder
    states = reference(mel, output_hidden_states=True).hidden_states
    case = Case("voice", "whisper", "whisper")
    for layer in (0, 2):
        encoder = case.build(networks, offline_store, layers=[layer])
        found = encoder(mel.transpose(1, 2), torch.ones(1, 3000, dtype=torch.bool))
        torch.testing.assert_close(found.embeddings, states[layer], atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_resnet_averages_its_last_map(networks: Path, offline_store: ModelStore) -> None:
    encoder = Case("vision", "resnet", "resnet").build(networks, offline_store, size_px=None)
    picture = encoder.prepare(RAW["vision"][0])
    reference = AutoModel.from_pretrained(networks / "resnet").eval()
    found = encoder(*pad([picture])).embeddings[0]
    torch.testing.assert_close(found, reference(picture).pooler_output[:, :, 0, 0], atol=1e-5, rtol=1e-4)
    assert encoder.size_px == 224
    second = Case("vision", "resnet", "resnet").build(networks, offline_store, layers=[2])
    assert second.dim == 12


def test_resnet_has_the_layers_of_its_name(offline_store: ModelStore) -> None:
    eighteen = build_encoder("vision", EncoderConfig(name="resnet"), offline_store, CPU)
    parameters = sum(parameter.numel() for parameter in eighteen.parameters())
    assert (eighteen.dim, parameters) == (512, 11_176_512)  # torchvision's, without its classifier
    fifty = build_encoder("vision", EncoderConfig(name="resnet", depth=50), offline_store, CPU)
    parameters = sum(parameter.numel() for parameter in fifty.parameters())
    assert (fifty.dim, parameters) == (2048, 23_508_032)


@torch.no_grad()
def test_the_mix_starts_even_and_is_learnt(networks: Path, offline_store: ModelStore) -> None:
    case = Case("text", "transformer", "bert")
    mixed = case.build(networks, offline_store, layers="mix")
    batch = pad([mixed.prepare(RAW["text"][0])])
    even = case.build(networks, offline_store, layers=[0, 1, 2, 3])(*batch).embeddings
    torch.testing.assert_close(mixed(*batch).embeddings, even)
    mixed.layers.mix[1] = 50.0
    only = case.build(networks, offline_store, layers=[1])(*batch).embeddings
    torch.testing.assert_close(mixed(*batch).embeddings, only)


@torch.no_grad()
def test_a_face_gives_the_embedding_of_the_shipped_network(offline_store: ModelStore) -> None:
    crop = np.random.default_rng(1).integers(0, 256, (48, 48)).astype(np.uint8)
    encoder = build_encoder("vision", EncoderConfig(name="face-expression"), offline_store, CPU)
    shipped = Expression(load_shipped("face-expression"), CPU)([crop])
    found = encoder(*pad([encoder.prepare(crop)])).embeddings[0].numpy()
    np.testing.assert_allclose(found, shipped.embeddings, atol=1e-4, rtol=1e-3)


@pytest.mark.models
@torch.no_grad()
def test_whisper_without_a_source_is_the_recognisers_own(model_store: ModelStore) -> None:
    encoder = build_encoder("voice", EncoderConfig(name="whisper", layers=[2]), model_store, CPU)
    assert isinstance(encoder, WhisperEncoder)
    sound = RAW["voice"][0]
    frames = VoiceEncoder(model_store.path("whisper-tiny.en"), CPU).frames(sound)[:, 1]
    torch.testing.assert_close(
        encoder(*pad([encoder.prepare(sound)])).embeddings[0], frames, atol=1e-4, rtol=1e-4
    )
    whole = build_encoder("voice", EncoderConfig(name="whisper"), model_store, CPU)
    assert len(whole.network.blocks) == 4
    assert whole.source.name == "whisper-tiny.en"


@pytest.mark.models
@torch.no_grad()
def test_a_transformer_without_a_source_is_the_shipped_one(model_store: ModelStore) -> None:
    encoder = build_encoder("text", EncoderConfig(name="transformer", layers=[3, 4, 5, 6]), model_store, CPU)
    shipped = TextEncoder(model_store.path("all-minilm-l6-v2"), CPU)
    text = "It was a terrible day, and I am glad that it is over."
    expected = shipped.embed(shipped.tokens(text))
    found = encoder(*pad([encoder.prepare(text)])).pooled()[0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-4, rtol=1e-3)


def test_a_vision_transformer_sees_pictures_of_its_own_size(
    networks: Path, offline_store: ModelStore
) -> None:
    encoder = Case("vision", "vit", "vit").build(networks, offline_store)
    assert isinstance(encoder, VisionTransformer)
    assert encoder.size_px == 32
    assert encoder.prepare(RAW["vision"][0]).shape == (1, 3, 32, 32)


def test_a_transformer_reads_no_more_than_it_has_positions_for(
    networks: Path, offline_store: ModelStore
) -> None:
    encoder = Case("text", "transformer", "bert").build(networks, offline_store)
    assert encoder.max_length == 38  # of 40, as RoBERTa keeps two
    assert len(encoder.prepare("so " * 60)) == 38
    assert encoder(*pad([encoder.prepare("so " * 60)])).mask.shape == (1, 38)
