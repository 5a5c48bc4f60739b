"""Experts in one file: what goes in comes out, for every encoder; what does not fit is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, SAMPLE_RATE_HZ
from live_sentiment.models.encoders.encoder import Encoder, pad
from live_sentiment.models.encoders.expert import (
    Calibration,
    ExpertHead,
    TrainedExpert,
    is_expert,
    save_expert,
)
from live_sentiment.models.store.shipped import load_shipped, save_shipped
from live_sentiment.models.store.store import ModelStore
from tests.helpers.encoder_cases import ALL, CPU, PRETRAINED, RAW, Case
from tests.helpers.tiny_networks import save_network

CALIBRATION = Calibration(1.5, 2.0, np.full(7, 1 / 7, np.float32), np.array([0.3, 0.4, 0.3], np.float32))


def save(path: Path, encoder: Encoder, **about: Any) -> ExpertHead:
    torch.manual_seed(3)
    head = ExpertHead(encoder.dim)
    save_expert(path, encoder, head, CALIBRATION, about)
    return head


def load(path: Path, modality: Any, store: ModelStore) -> TrainedExpert:
    return TrainedExpert(load_shipped(str(path)), modality, store, CPU)


@pytest.mark.parametrize("case", ALL, ids=[case.id for case in ALL])
def test_an_expert_reads_as_its_parts_did(
    case: Case, networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    settings = {"tune": "last"} if case in PRETRAINED else {}
    encoder = case.build(networks, offline_store, **settings)
    with torch.no_grad():
        for parameter in encoder.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1)
    file = tmp_path / "mine.safetensors"
    head = save(file, encoder, trained_on="noise")
    assert is_expert(load_shipped(str(file)))
    assert load_shipped(str(file)).metadata["trained_on"] == "noise"
    expert = load(file, case.modality, offline_store)
    raw = RAW[case.modality][0]
    with torch.no_grad():
        embedding = encoder(*pad([encoder.prepare(raw)])).pooled()
        emotions, polarity = head(embedding)
    found = expert.read(raw)
    np.testing.assert_allclose(found.embedding, embedding[0].numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.emotions, (emotions / 1.5).softmax(1)[0].numpy(), rtol=1e-5)
    np.testing.assert_allclose(found.polarity, (polarity / 2.0).softmax(1)[0].numpy(), rtol=1e-5)
    assert expert.encoder.fingerprint == encoder.fingerprint
    described = expert.expert
    assert (described.modality, described.embedding_dim) == (case.modality, encoder.dim)
    assert described.model.startswith(case.name)
    assert described.model.endswith("+ mine")
    np.testing.assert_array_equal(described.polarity_prior, CALIBRATION.polarity_prior)


def test_of_sound_only_the_speech_counts(networks: Path, offline_store: ModelStore, tmp_path: Path) -> None:
    case = Case("voice", "mel-cnn")
    encoder = case.build(networks, offline_store)
    save(tmp_path / "mine.safetensors", encoder)
    expert = load(tmp_path / "mine.safetensors", "voice", offline_store)
    sound = RAW["voice"][0]
    speech = np.zeros(len(sound), np.bool_)
    speech[SAMPLE_RATE_HZ // 2 :] = True
    with torch.no_grad():
        encoded = encoder(*pad([encoder.prepare(sound)]))
    late = encoded.times_s[0] >= -0.5
    expected = encoded.embeddings[0][late].mean(dim=0).numpy()
    np.testing.assert_allclose(expert.read(sound, speech).embedding, expected, rtol=1e-4, atol=1e-6)
    nothing = expert.read(sound, np.zeros_like(speech))
    np.testing.assert_array_equal(nothing.embedding, expert.read(sound).embedding)


def test_other_pretrained_weights_are_refused(
    networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    shutil.copytree(networks / "bert", tmp_path / "bert")
    encoder = Case("text", "transformer", "bert").build(tmp_path, offline_store)
    save(tmp_path / "mine.safetensors", encoder)
    save_network(tmp_path / "bert", "bert", seed=5)
    with pytest.raises(UsageError, match=r"SHA-256 .*put the former in its place, or train"):
        load(tmp_path / "mine.safetensors", "text", offline_store)
    shutil.rmtree(tmp_path / "bert")
    with pytest.raises(UsageError, match="no model folder"):
        load(tmp_path / "mine.safetensors", "text", offline_store)


def test_what_is_no_expert_of_the_modality_is_refused(
    networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    file = tmp_path / "mine.safetensors"
    save(file, Case("text", "word-attention").build(networks, offline_store))
    with pytest.raises(UsageError, match="a text expert and cannot read voice"):
        load(file, "voice", offline_store)
    with pytest.raises(UsageError, match="cannot read vision"):
        TrainedExpert(load_shipped("face-expression"), "vision", offline_store, CPU)
    weights = load_shipped(str(file))
    labels = {"emotions": EMOTIONS[::-1], "polarity": weights.metadata["labels"]["polarity"]}
    save_shipped(file, weights.tensors, {**weights.metadata, "labels": labels})
    with pytest.raises(UsageError, match="other classes"):
        load(file, "text", offline_store)
