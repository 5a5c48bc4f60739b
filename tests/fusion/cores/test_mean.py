import numpy as np

from live_sentiment.fusion.cores.mean import Mean
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen


def test_it_is_the_mean_over_those_present_however_many() -> None:
    tokens = make_tokens()
    fused = array(Mean(WIDTH)(tokens).vector)
    for row in range(ROWS):
        means = [mean_of(ones) for ones in seen(tokens, row).values()]
        expected = sum(means) / len(means) if means else np.zeros(WIDTH)
        np.testing.assert_allclose(fused[row], expected, rtol=1e-4, atol=1e-6)
