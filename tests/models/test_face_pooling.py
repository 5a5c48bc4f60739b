"""Two opinions become one: what counts for a familiar face, and what for a strange one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from live_sentiment.models.face_pooling import Pooling
from live_sentiment.models.face_second_opinion import SecondOpinion

FAMILIAR, STRANGE = torch.zeros(1, 1), torch.ones(1, 1)
PRIOR = torch.tensor([0.4, 0.2, 0.1, 0.1, 0.05, 0.05, 0.1])
OWN = torch.tensor([[2.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]])
OTHER = torch.tensor([[0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1]])


def pooled(pooling: Pooling, strangeness: torch.Tensor) -> torch.Tensor:
    return pooling(OWN, OTHER, strangeness, PRIOR.log())


@pytest.mark.parametrize(("strangeness", "share"), [(FAMILIAR, 0.15), (STRANGE, 0.7)])
def test_the_second_opinion_counts_more_for_a_strange_face(strangeness: torch.Tensor, share: float) -> None:
    pooling = Pooling((0.15, 0.7), prior_out=0.0, temperatures=(1.0, 1.0))
    found = pooled(pooling, strangeness).exp()
    torch.testing.assert_close(found, (1 - share) * OWN.softmax(dim=1) + share * OTHER)


def test_the_prior_is_divided_out_for_a_strange_face_only() -> None:
    pooling = Pooling(shares=(0.0, 0.0), prior_out=1.0, temperatures=(1.0, 1.0))
    torch.testing.assert_close(pooled(pooling, FAMILIAR).exp(), OWN.softmax(dim=1))
    expected = OWN.softmax(dim=1) / PRIOR
    torch.testing.assert_close(pooled(pooling, STRANGE).exp(), expected / expected.sum())


def test_a_strange_face_is_read_with_less_confidence_and_the_same_answer() -> None:
    sure, doubting = Pooling(temperatures=(1.0, 1.0)), Pooling(temperatures=(1.0, 4.0))
    torch.testing.assert_close(pooled(doubting, FAMILIAR), pooled(sure, FAMILIAR))
    torch.testing.assert_close(pooled(doubting, STRANGE), pooled(sure, STRANGE) / 4)


def test_the_second_network_sees_its_window_and_is_cooled() -> None:
    torch.manual_seed(0)
    second = SecondOpinion().eval()
    crops = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (2, 1, 48, 48)).astype(np.float32))
    outside = crops.clone()
    outside[:, :, :4] = 0
    pooling = Pooling(window=(4, 48, 2, 46), second_temperature=2.0)
    with torch.inference_mode():
        found = pooling.opinion(second, crops)
        torch.testing.assert_close(found, pooling.opinion(second, outside))
        torch.testing.assert_close(found, (second.scores(crops[:, :, 4:48, 2:46]) / 2).softmax(dim=1))
        whole = Pooling(window=(0, 48, 0, 48), second_temperature=1.0)
        torch.testing.assert_close(whole.opinion(second, crops), second(crops))


def test_it_is_written_and_read_again() -> None:
    pooling = Pooling((0.2, 0.8), (0, 40, 4, 44), 1.25, 0.5, (1.0, 2.0))
    assert Pooling.of(json.loads(json.dumps({"pooling": pooling.as_dict()}))) == pooling
    assert Pooling.of({"pooling": None}) == Pooling.of({}) == Pooling()
