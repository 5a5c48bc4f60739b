import numpy as np
import pytest

from live_sentiment.training.evaluation.numbers import (
    concordance,
    correlation,
    dimension,
    mean_absolute_error,
    sentiment,
)


def test_concordance_is_one_for_the_same_and_punishes_a_shift_that_correlation_forgives() -> None:
    x = np.array([-0.5, 0.0, 0.25, 1.0])
    assert concordance(x, x) == pytest.approx(1)
    assert correlation(x + 1, x) == pytest.approx(1)
    # 2 var / (2 var + 1²)
    assert concordance(x + 1, x) == pytest.approx(2 * x.var() / (2 * x.var() + 1))
    assert concordance(-x, x) < 0


def test_correlation_is_that_of_numpy() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 50))
    assert correlation(x, y) == pytest.approx(np.corrcoef(x, y)[0, 1])
    assert dimension(x, y)["mae"] == pytest.approx(np.abs(x - y).mean())


def test_what_does_not_vary_has_no_correlation() -> None:
    assert np.isnan(correlation([1, 1, 1], [0, 1, 2]))
    assert np.isnan(concordance([1, 1], [1, 1]))
    assert concordance([1, 1], [0, 0]) == 0
    assert np.isnan(mean_absolute_error([], []))


def test_acc2_in_both_definitions() -> None:
    true = [0.0, 0.0, 1.2, -0.4]
    predicted = [0.3, -0.3, 0.1, 0.2]
    found = sentiment(predicted, true)
    # Non-negative against negative: 0.3 right, -0.3 wrong, 0.1 right, 0.2 wrong.
    assert found["acc2_nonnegative"] == pytest.approx(0.5)
    # Without the two zeros: right, wrong.
    assert found["acc2_nonzero"] == pytest.approx(0.5)
    assert sentiment([0.1], [0.0])["acc2_nonnegative"] == 1
    assert np.isnan(sentiment([0.1], [0.0])["acc2_nonzero"])


def test_acc7_rounds_and_stays_within_three() -> None:
    found = sentiment([3.8, -0.4, 1.4, 2.6], [3.0, 0.0, 2.0, 2.8])
    assert found["acc7"] == pytest.approx(0.75)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        correlation([1, 2], [1])
