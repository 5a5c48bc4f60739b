import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.attribution import shapley_values, shares
from live_sentiment.fusion.batch import SUBSETS

worths = st.lists(st.floats(-10, 10), min_size=8, max_size=8).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


def test_in_an_additive_game_each_player_gets_what_it_brings() -> None:
    brings = {"text": 0.5, "voice": -0.2, "vision": 0.1}
    worth = torch.tensor([0.3 + sum(brings[one] for one in subset) for subset in SUBSETS])
    torch.testing.assert_close(shapley_values(worth), torch.tensor([0.5, -0.2, 0.1]))


def test_equal_players_get_equal_parts() -> None:
    worth = torch.tensor([float(len(subset) ** 2) for subset in SUBSETS])
    torch.testing.assert_close(shapley_values(worth), torch.full((3,), 3.0))


def test_a_player_without_influence_gets_nothing() -> None:
    worth = torch.tensor([1.0 if {"text", "vision"} <= subset else 0.0 for subset in SUBSETS])
    torch.testing.assert_close(shapley_values(worth), torch.tensor([0.5, 0.0, 0.5]))


def test_the_glove_game_has_its_textbook_answer() -> None:
    # Text holds the only left glove, the others a right one each: 4/6, 1/6 and 1/6.
    worth = torch.tensor([1.0 if "text" in subset and len(subset) > 1 else 0.0 for subset in SUBSETS])
    torch.testing.assert_close(shapley_values(worth), torch.tensor([4 / 6, 1 / 6, 1 / 6]))


@given(worths)
def test_the_effects_add_up_to_what_all_reach_beyond_nobody(worth: torch.Tensor) -> None:
    torch.testing.assert_close(shapley_values(worth).sum(), worth[-1] - worth[0], atol=1e-9, rtol=1e-9)


@given(worths)
def test_shares_are_parts_of_one(worth: torch.Tensor) -> None:
    parts = shares(shapley_values(worth))
    assert (parts >= 0).all()
    assert parts.sum().item() in (0.0, pytest.approx(1.0))


def test_no_effect_has_no_shares() -> None:
    assert shares(shapley_values(torch.full((8,), 0.25))).tolist() == [0.0] * len(MODALITIES)


def test_anything_but_eight_values_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        shapley_values(torch.zeros(4))
