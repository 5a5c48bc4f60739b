import numpy as np

from live_sentiment.fusion.cores.product import Product
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen


def test_it_is_the_product_of_the_means_of_those_present_element_by_element() -> None:
    tokens = make_tokens()
    fused = array(Product(WIDTH)(tokens).vector)
    for row in range(ROWS):
        expected = np.ones(WIDTH)
        for ones in seen(tokens, row).values():
            expected *= mean_of(ones)
        np.testing.assert_allclose(fused[row], expected, rtol=1e-4, atol=1e-6)
