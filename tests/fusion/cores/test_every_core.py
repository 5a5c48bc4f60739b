"""What holds for every core: subsets, padding, order of rows, gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import pytest
import torch

from live_sentiment.core.config import CoreName, LearntConfig
from live_sentiment.core.types import Modality
from live_sentiment.fusion.cores import CORES
from live_sentiment.fusion.cores.core import Core, Tokens
from tests.helpers.core_tokens import ROWS, WIDTH, make_tokens

KINDS = [
    *(LearntConfig(core=name, width=WIDTH) for name in CORES),
    LearntConfig(core="shared-space", width=WIDTH, joint="self-attention", alignment="none"),
]


@pytest.fixture(params=KINDS, ids=lambda config: f"{config.core} {config.joint}")
def core(request: pytest.FixtureRequest) -> Core:
    torch.manual_seed(0)
    return CORES[request.param.core](request.param).eval()


def fuse(core: Core, tokens: Mapping[Modality, Tokens]) -> torch.Tensor:
    with torch.inference_mode():
        return core(tokens).vector


def rows_of(tokens: Mapping[Modality, Tokens], rows: torch.Tensor) -> dict[Modality, Tokens]:
    return {
        name: Tokens(one.values[rows], one.mask[rows], one.times_s[rows], one.quality[rows])
        for name, one in tokens.items()
    }


def test_there_is_one_for_every_name() -> None:
    assert set(CORES) == set(get_args(CoreName))


def test_every_subset_has_a_finite_vector_of_its_own(core: Core) -> None:
    vectors = fuse(core, make_tokens())[:8]
    assert vectors.shape == (8, core.out_dim)
    assert vectors.isfinite().all()
    assert (torch.cdist(vectors, vectors) + torch.eye(8)).min() > 1e-3


@pytest.mark.parametrize("filler", [1e4, torch.nan])
def test_what_lies_in_padding_is_never_looked_at(core: Core, filler: float) -> None:
    clean = make_tokens()
    dirty = {
        name: Tokens(
            one.values.masked_fill(~one.mask[:, :, None], filler),
            one.mask,
            one.times_s.masked_fill(~one.mask, filler),
            one.quality.masked_fill(~one.mask, filler),
        )
        for name, one in clean.items()
    }
    torch.testing.assert_close(fuse(core, dirty), fuse(core, clean))


def test_more_padding_changes_nothing(core: Core) -> None:
    clean = make_tokens()
    longer = {
        name: Tokens(
            torch.nn.functional.pad(one.values, (0, 0, 0, 3), value=7.0),
            torch.nn.functional.pad(one.mask, (0, 3)),
            torch.nn.functional.pad(one.times_s, (0, 3)),
            torch.nn.functional.pad(one.quality, (0, 3), value=1.0),
        )
        for name, one in clean.items()
    }
    torch.testing.assert_close(fuse(core, longer), fuse(core, clean), atol=1e-5, rtol=1e-4)


def test_rows_do_not_influence_each_other(core: Core) -> None:
    tokens = make_tokens()
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(1))
    whole = fuse(core, tokens)
    torch.testing.assert_close(fuse(core, rows_of(tokens, order)), whole[order], atol=1e-5, rtol=1e-4)
    alone = fuse(core, rows_of(tokens, torch.tensor([7])))
    torch.testing.assert_close(alone[0], whole[7], atol=1e-5, rtol=1e-4)


def test_gradients_reach_every_weight_and_the_empty_set_breaks_none(core: Core) -> None:
    tokens = make_tokens()
    for one in tokens.values():
        one.values.requires_grad_()
    fused = core.train()(tokens)
    loss = fused.vector.square().sum()
    (loss if fused.auxiliary is None else loss + fused.auxiliary).backward()
    for one in tokens.values():
        assert one.values.grad is not None
        assert one.values.grad.isfinite().all()
        assert not one.values.grad[~one.mask].any()
        assert one.values.grad[one.mask].any(dim=1).all()
    for name, weight in core.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().sum() > 0, name


def test_auxiliary_losses_are_of_training_alone(core: Core) -> None:
    assert core(make_tokens()).auxiliary is None
