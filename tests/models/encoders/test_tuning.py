"""Training reaches exactly what the tuning names, and nothing else moves."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.encoder import Encoder, pad
from live_sentiment.models.store.store import ModelStore
from tests.helpers.encoder_cases import ALL, DISTINCT, IN_A_ROW, RAW, SCRATCH, Case

BLOCKS = {
    "bert": "network.encoder.layer.",
    "roberta": "network.encoder.layer.",
    "whisper": "network.blocks.",
    "vit": "network.layers.",
    "resnet": "network.stages.",
    None: "network.stages.",
}
"""How the names of the parameters of a network's blocks begin; the others call them encoder.layers."""


def cases(chosen: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", chosen, ids=[case.id for case in chosen])


def reached(encoder: Encoder, case: Case) -> set[str]:
    """Names of the parameters that a gradient reaches, after a step away from the start.

    A low-rank addition starts at zero, where its first half gets no gradient.
    """
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in encoder.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))
    encoder.train()
    batch = pad([encoder.prepare(raw) for raw in RAW[case.modality]])
    encoder(*batch).pooled().pow(3).sum().backward()
    return {
        name
        for name, parameter in encoder.named_parameters()
        if parameter.grad is not None and bool(parameter.grad.any())
    }


def names(encoder: Encoder, wanted: Callable[[str], bool] = lambda name: True) -> set[str]:
    return {name for name, _ in encoder.named_parameters() if wanted(name)}


def block(case: Case, *numbers: int) -> Callable[[str], bool]:
    start = BLOCKS.get(case.kind, "network.encoder.layers.")
    return lambda name: name.startswith(tuple(f"{start}{number}." for number in numbers))


@cases(DISTINCT)
def test_frozen_trains_nothing(case: Case, networks: Path, offline_store: ModelStore) -> None:
    encoder = case.build(networks, offline_store)
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert encoder.trained == frozenset()


@cases([case for case in DISTINCT if case in IN_A_ROW])
def test_a_mix_of_frozen_layers_trains_its_weights(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store, layers="mix")
    assert reached(encoder, case) == {"layers.mix"} == encoder.trained


@cases(DISTINCT)
@pytest.mark.parametrize("count", [1, 2])
def test_the_last_layers_train_whole(
    case: Case, count: int, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store, tune="last", last_n=count)
    expected = names(encoder, block(case, *range(3 - count, 3)))
    assert expected
    assert reached(encoder, case) == expected


@cases(DISTINCT)
def test_full_trains_all_that_the_embedding_depends_on(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store, tune="full")
    expected = names(encoder, lambda name: not name.endswith("masked_spec_embed"))
    assert reached(encoder, case) == expected


@cases([case for case in DISTINCT if case in IN_A_ROW])
def test_full_up_to_a_layer_leaves_the_rest_alone(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store, tune="full", layers=[1])
    assert not names(encoder, block(case, 1, 2))
    assert reached(encoder, case) == {name for name in encoder.trained if name in names(encoder)}
    lowest = case.build(networks, offline_store, tune="full", layers=[0])
    assert not names(lowest, block(case, 0)) & reached(lowest, case)


@cases(DISTINCT)
def test_low_rank_trains_the_additions_only(case: Case, networks: Path, offline_store: ModelStore) -> None:
    frozen = case.build(networks, offline_store)
    encoder = case.build(networks, offline_store, tune="lora", lora_rank=2)
    batch = pad([encoder.prepare(raw) for raw in RAW[case.modality]])
    with torch.no_grad():
        torch.testing.assert_close(encoder(*batch).embeddings, frozen(*batch).embeddings)
    expected = names(encoder, lambda name: "lora_" in name)
    assert {name.split("lora_")[1][0] for name in expected} == {"A", "B"}
    for number in range(3):
        assert names(encoder, block(case, number)) & expected
    assert reached(encoder, case) == expected == encoder.trained


@cases(SCRATCH)
def test_from_scratch_everything_trains(case: Case, networks: Path, offline_store: ModelStore) -> None:
    encoder = case.build(networks, offline_store)
    assert reached(encoder, case) == names(encoder)
    still = case.build(networks, offline_store, tune="frozen")
    assert not any(parameter.requires_grad for parameter in still.parameters())
    assert still.trained == encoder.trained


@cases(ALL)
def test_what_cannot_be_tuned_is_refused(case: Case, networks: Path, offline_store: ModelStore) -> None:
    settings: dict[str, Any] = {"tune": "last", "last_n": 4}
    with pytest.raises(UsageError, match="last"):
        case.build(networks, offline_store, **settings)


def test_without_peft_low_rank_says_what_to_install(
    networks: Path, offline_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "peft":
            raise ImportError(name)
        return genuine(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'live-sentiment\[train\]'"):
        Case("text", "transformer", "bert").build(networks, offline_store, tune="lora")
