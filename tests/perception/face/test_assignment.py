"""Pairs of rows and columns against SciPy's."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from live_sentiment.perception.face.assignment import cheapest_pairs

FORBIDDEN = 1e6


@pytest.mark.parametrize("seed", range(200))
def test_the_pairs_are_the_cheapest(seed: int) -> None:
    random = np.random.default_rng(seed)
    cost = random.random(random.integers(1, 9, 2))
    cost[random.random(cost.shape) < 0.4 * (seed % 2)] = FORBIDDEN
    found = cheapest_pairs(cost)
    wanted = zip(*(places.tolist() for places in linear_sum_assignment(cost)), strict=True)
    assert {pair for pair in found if cost[pair] < FORBIDDEN} == {
        pair for pair in wanted if cost[pair] < FORBIDDEN
    }
    assert len({row for row, _ in found}) == len({column for _, column in found}) == min(cost.shape)


def test_equal_costs_still_give_everyone_a_partner() -> None:
    assert cheapest_pairs(np.zeros((3, 3))) == [(0, 0), (1, 1), (2, 2)]


def test_a_greedy_choice_is_not_enough() -> None:
    assert cheapest_pairs(np.array([[1.0, 2.0], [1.5, 9.0]])) == [(0, 1), (1, 0)]
