"""The cores without weights: each row against its formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from live_sentiment.fusion.cores.core import Core
from live_sentiment.fusion.cores.plain import Mean, Product, Sum
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen


@pytest.mark.parametrize(
    ("core", "combine", "nothing"),
    [(Mean, np.mean, 0.0), (Sum, np.sum, 0.0), (Product, np.prod, 1.0)],
)
def test_it_combines_the_means_of_those_present(
    core: type[Core], combine: Callable[..., np.ndarray], nothing: float
) -> None:
    tokens = make_tokens()
    fused = array(core(WIDTH)(tokens).vector)
    for row in range(ROWS):
        means = [mean_of(ones) for ones in seen(tokens, row).values()]
        expected = combine(means, axis=0) if means else np.full(WIDTH, nothing)
        np.testing.assert_allclose(fused[row], expected, rtol=1e-4, atol=1e-6)
