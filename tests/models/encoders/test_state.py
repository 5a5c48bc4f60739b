"""What training changed is saved alone, comes back whole, and shows in the fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.encoder import Encoder, pad
from live_sentiment.models.encoders.state import load_trained, trainable_state
from live_sentiment.models.store.store import ModelStore
from tests.helpers.encoder_cases import DISTINCT, IN_A_ROW, RAW, SCRATCH, Case
from tests.helpers.tiny_networks import save_network


def cases(chosen: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", chosen, ids=[case.id for case in chosen])


def train_a_step(encoder: Encoder, case: Case) -> None:
    encoder.train()
    batch = pad([encoder.prepare(raw) for raw in RAW[case.modality]])
    optimiser = torch.optim.SGD([one for one in encoder.parameters() if one.requires_grad], 0.1)
    encoder(*batch).pooled().pow(2).mean().backward()
    optimiser.step()
    encoder.eval()


TUNED = [(case, tune) for case in DISTINCT for tune in ("last", "full", "lora")]


@pytest.mark.parametrize(
    ("case", "tune"),
    [*TUNED, *((case, "full") for case in SCRATCH)],
    ids=lambda value: value.id if isinstance(value, Case) else value,
)
def test_the_trained_state_makes_the_same_encoder(
    case: Case, tune: str, networks: Path, offline_store: ModelStore
) -> None:
    settings = {"tune": tune}
    trained = case.build(networks, offline_store, **settings)
    before = trained.fingerprint
    train_a_step(trained, case)
    assert trained.fingerprint != before
    state = trainable_state(trained)
    again = case.build(networks, offline_store, **settings)
    load_trained(again, state)
    assert again.fingerprint == trained.fingerprint
    batch = pad([again.prepare(raw) for raw in RAW[case.modality]])
    with torch.no_grad():
        assert torch.equal(again(*batch).embeddings, trained(*batch).embeddings)
    if tune != "full":
        whole = sum(tensor.numel() for tensor in trained.state_dict().values())
        assert sum(tensor.numel() for tensor in state.values()) < whole


def test_frozen_weights_are_not_saved(networks: Path, offline_store: ModelStore) -> None:
    for case in DISTINCT:
        assert trainable_state(case.build(networks, offline_store)) == {}


def test_words_travel_with_their_embeddings(networks: Path, offline_store: ModelStore) -> None:
    case = Case("text", "word-lstm")
    trained = case.build(networks, offline_store)
    other = case.build(networks, offline_store)
    other.learn_words(["quite other words quite other words and many more many more"])
    load_trained(other, trainable_state(trained))
    assert torch.equal(other.prepare("so happy , never"), trained.prepare("so happy , never"))


@cases([case for case in DISTINCT if case in IN_A_ROW])
def test_the_fingerprint_follows_settings_and_weights(
    case: Case, networks: Path, offline_store: ModelStore, tmp_path: Path
) -> None:
    first = case.build(networks, offline_store).fingerprint
    assert case.build(networks, offline_store).fingerprint == first
    assert case.build(networks, offline_store, layers=[1]).fingerprint != first
    save_network(tmp_path / str(case.kind), str(case.kind), seed=1)
    assert case.build(tmp_path, offline_store).fingerprint != first


def test_the_place_of_the_same_weights_does_not_matter(networks: Path, offline_store: ModelStore) -> None:
    case = Case("text", "transformer", "bert")
    copy = networks.parent / "copy"
    save_network(copy / "bert", "bert")
    first, second = case.build(networks, offline_store), case.build(copy, offline_store)
    assert first.fingerprint == second.fingerprint


def test_a_state_of_other_settings_is_refused(networks: Path, offline_store: ModelStore) -> None:
    case = Case("text", "transformer", "bert")
    state = trainable_state(case.build(networks, offline_store, tune="lora", lora_rank=2))
    with pytest.raises(UsageError, match="do not fit the encoder transformer"):
        load_trained(case.build(networks, offline_store), state)
    with pytest.raises(UsageError, match="do not fit the encoder transformer"):
        load_trained(case.build(networks, offline_store, tune="lora", lora_rank=4), state)
