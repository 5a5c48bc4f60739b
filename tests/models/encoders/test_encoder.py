"""What every encoder promises: shapes, padding that changes nothing, samples that are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.models.encoders.encoder import Encoded, as_picture, as_sound, pad
from live_sentiment.models.store.store import ModelStore
from tests.helpers.encoder_cases import ALL, IN_A_ROW, RAW, SCRATCH, Case


def cases(chosen: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", chosen, ids=[case.id for case in chosen])


@cases(ALL)
def test_a_batch_says_of_each_sample_what_is_said_of_it_alone(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store)
    prepared = [encoder.prepare(raw) for raw in RAW[case.modality]]
    with torch.no_grad():
        together = encoder(*pad(prepared))
        alone = [encoder(*pad([one])) for one in prepared]
    rows, steps, dim = together.embeddings.shape
    assert (rows, dim) == (3, encoder.dim)
    assert together.mask.shape == together.times_s.shape == (rows, steps)
    assert together.embeddings.dtype == torch.float32
    assert together.mask.dtype == torch.bool
    assert bool((together.times_s <= 0).all())
    size = float(together.embeddings.abs().max())
    for row, one in enumerate(alone):
        there = together.mask[row]
        assert bool(one.mask.all())
        assert int(there.sum()) == one.mask.shape[1] >= 1
        assert bool(there[: one.mask.shape[1]].all())
        torch.testing.assert_close(
            together.embeddings[row][there], one.embeddings[0], atol=2e-5 * size, rtol=1e-4
        )
        torch.testing.assert_close(together.times_s[row][there], one.times_s[0])
    torch.testing.assert_close(together.pooled()[0], alone[0].pooled()[0], atol=2e-5 * size, rtol=1e-4)


@cases([*IN_A_ROW, *SCRATCH])
def test_what_stands_in_the_padding_is_never_read(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    settings = {"layers": "mix"} if case in IN_A_ROW else {}
    encoder = case.build(networks, offline_store, **settings)
    inputs, mask = pad([encoder.prepare(raw) for raw in RAW[case.modality]])
    rubbish = torch.ones_like(inputs) * (3 if inputs.dtype == torch.int64 else 7.0)
    filled = torch.where(mask.reshape(*mask.shape, *[1] * (inputs.ndim - 2)), inputs, rubbish)
    with torch.no_grad():
        clean, dirty = encoder(inputs, mask), encoder(filled, mask)
    torch.testing.assert_close(clean.embeddings[clean.mask], dirty.embeddings[clean.mask])


@cases(ALL)
def test_half_precision_goes_in_and_single_comes_out(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store)
    batch = pad([encoder.prepare(raw) for raw in RAW[case.modality]])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = encoder(*batch)
    assert found.embeddings.dtype == torch.float32
    assert bool(found.embeddings.isfinite().all())


@cases(ALL)
def test_a_sample_of_another_modality_or_an_empty_one_is_refused(
    case: Case, networks: Path, offline_store: ModelStore
) -> None:
    encoder = case.build(networks, offline_store)
    others = [raws[0] for modality, raws in RAW.items() if modality != case.modality]
    empty = {"text": " ", "voice": np.zeros(0, np.float32), "vision": np.zeros((0, 4, 3), np.uint8)}
    for raw in [*others, empty[case.modality]]:
        with pytest.raises(ValueError, match="not"):
            encoder.prepare(raw)


def test_times_lie_where_the_sound_was(networks: Path, offline_store: ModelStore) -> None:
    sound = RAW["voice"][0]  # one second
    for case in [case for case in ALL if case.modality == "voice"]:
        encoder = case.build(networks, offline_store)
        times_s = encoder(*pad([encoder.prepare(sound)])).times_s[0]
        assert -1.01 <= float(times_s[0]) <= -0.9, case.id
        assert -0.05 <= float(times_s[-1]) <= 0.0, case.id
        assert bool((times_s.diff() > 0).all()), case.id


@cases([case for case in SCRATCH if case.modality == "vision"])
def test_a_face_over_time_is_one_sample(case: Case, networks: Path, offline_store: ModelStore) -> None:
    encoder = case.build(networks, offline_store)
    pictures = [encoder.prepare(raw) for raw in RAW["vision"]]
    with torch.no_grad():
        film = encoder(*pad([torch.cat(pictures), pictures[1]]))
        single = encoder(*pad(pictures))
    assert film.mask.tolist() == [[True] * 3, [True, False, False]]
    torch.testing.assert_close(film.embeddings[0], single.embeddings[:, 0], atol=1e-5, rtol=1e-4)


def test_of_a_long_sound_the_end_is_heard() -> None:
    sound = np.arange(31 * 16000, dtype=np.float32)
    heard = as_sound(sound)
    assert len(heard) == 30 * 16000
    assert float(heard[-1]) == sound[-1]


def test_a_grey_picture_gets_three_equal_channels() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert as_picture(grey).shape == (3, 4, 3)
    assert np.array_equal(as_picture(grey)[:, :, 2], grey)


def test_the_mean_leaves_padding_out() -> None:
    embeddings = torch.tensor([[[1.0], [3.0], [100.0]]])
    encoded = Encoded(embeddings, torch.tensor([[True, True, False]]), torch.zeros(1, 3))
    assert encoded.pooled().tolist() == [[2.0]]


def test_what_is_frozen_stays_as_in_use_while_training(networks: Path, offline_store: ModelStore) -> None:
    frozen = Case("vision", "resnet", "resnet").build(networks, offline_store).train()
    assert not any(module.training for module in frozen.modules() if list(module.parameters()))
    last = Case("text", "transformer", "bert").build(networks, offline_store, tune="last").train()
    layers = last.network.encoder.layer
    assert [layer.training for layer in layers] == [False, False, True]
