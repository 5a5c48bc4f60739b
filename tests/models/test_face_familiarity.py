"""What is familiar, and how strange what is not."""

from __future__ import annotations

import pytest
import torch

from live_sentiment.models.face_familiarity import QUANTILES, Familiarity


def known(count: int = 4000) -> torch.Tensor:
    """Faces that differ much in one direction and little in another."""
    torch.manual_seed(0)
    return torch.randn(count, 3) * torch.tensor([5.0, 1.0, 0.2]) + torch.tensor([1.0, 2.0, 3.0])


def test_strangeness_lies_between_0_and_1_and_rises_with_distance() -> None:
    familiarity = Familiarity.of(known())
    strange = familiarity(known())[:, 0]
    assert strange.min() == 0
    assert strange.max() == 1
    assert float((strange == 0).float().mean()) == pytest.approx(QUANTILES[0], abs=0.03)
    assert float((strange == 1).float().mean()) == pytest.approx(1 - QUANTILES[1], abs=0.02)
    order = familiarity.distance(known()).argsort()
    assert (strange[order].diff() >= 0).all()


def test_distance_is_in_units_of_what_is_usual_in_a_direction() -> None:
    familiarity = Familiarity.of(known())
    usual, strange = torch.tensor([[3.0, 2.0, 3.0]]), torch.tensor([[1.0, 7.0, 3.0]])
    assert float(familiarity(usual)) == 0
    assert float(familiarity(strange)) == 1


def test_faces_that_are_all_alike_give_no_nonsense() -> None:
    strange = Familiarity.of(torch.ones(8, 3))(torch.ones(2, 3))
    assert torch.isfinite(strange).all()
