import numpy as np
import pytest
import torch

from live_sentiment.training.tasks.losses import (
    balanced_weights,
    ccc,
    concordance,
    cross_entropy,
    focal,
    mse,
    smoothed,
)

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, -0.3], [-1.0, 3.0, 0.0], [0.0, 0.0, 1.0]])
SOFT = torch.tensor([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.6, 0.0, 0.4]])
P = np.exp(LOGITS.numpy()) / np.exp(LOGITS.numpy()).sum(axis=1, keepdims=True)


def test_cross_entropy_is_its_formula() -> None:
    weights = [0.5, 2.0, 1.0]
    total = norm = 0.0
    for row in range(4):
        for label in range(3):
            total -= weights[label] * float(SOFT[row, label]) * np.log(P[row, label])
            norm += weights[label] * float(SOFT[row, label])
    loss = cross_entropy(LOGITS, SOFT, class_weights=torch.tensor(weights))
    assert float(loss) == pytest.approx(total / norm, rel=1e-5)


def test_of_one_hot_targets_it_is_torchs_own() -> None:
    labels = torch.tensor([0, 1, 1, 2])
    one_hot = torch.nn.functional.one_hot(labels, 3).float()
    weights = torch.tensor([0.5, 2.0, 1.0])
    expected = torch.nn.functional.cross_entropy(LOGITS, labels, weight=weights)
    torch.testing.assert_close(cross_entropy(LOGITS, one_hot, class_weights=weights), expected)
    expected = torch.nn.functional.cross_entropy(LOGITS, labels, label_smoothing=0.1)
    torch.testing.assert_close(cross_entropy(LOGITS, one_hot, smoothing=0.1), expected)


def test_smoothing_mixes_with_the_uniform_distribution() -> None:
    np.testing.assert_allclose(smoothed(SOFT, 0.3)[1], [0.7 * 0.2 + 0.1, 0.7 * 0.5 + 0.1, 0.7 * 0.3 + 0.1])


def test_balance_makes_every_class_count_alike() -> None:
    labels = torch.nn.functional.one_hot(torch.tensor([0, 0, 0, 1, 1, 3]), 4).float()
    weights = balanced_weights(labels)
    np.testing.assert_allclose(weights, [6 / (3 * 3), 6 / (3 * 2), 0.0, 6 / (3 * 1)], rtol=1e-6)
    np.testing.assert_allclose((labels * weights).sum(0)[[0, 1, 3]], [2.0, 2.0, 2.0], rtol=1e-6)


def test_focal_is_its_formula() -> None:
    total = 0.0
    for row in range(4):
        for label in range(3):
            total -= float(SOFT[row, label]) * (1 - P[row, label]) ** 1.5 * np.log(P[row, label])
    assert float(focal(LOGITS, SOFT, gamma=1.5)) == pytest.approx(total / 4, rel=1e-5)
    torch.testing.assert_close(focal(LOGITS, SOFT, gamma=0.0), cross_entropy(LOGITS, SOFT))


def test_focal_has_a_gradient_where_all_is_known() -> None:
    logits = torch.tensor([[60.0, 0.0, 0.0]], requires_grad=True)
    focal(logits, torch.tensor([[1.0, 0.0, 0.0]]), gamma=0.5).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_mse_leaves_out_what_is_not_given() -> None:
    predicted = torch.tensor([[0.5, 1.0], [0.0, -1.0]])
    targets = torch.tensor([[0.0, torch.nan], [1.0, -0.5]])
    assert float(mse(predicted, targets)) == pytest.approx((0.25 + 1.0 + 0.25) / 3)


def test_ccc_is_lins_formula() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((2, 50))
    y = 0.5 * x + 0.3 * y + 0.2
    covariance = ((x - x.mean()) * (y - y.mean())).mean()
    expected = 2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert float(concordance(torch.tensor(x), torch.tensor(y))) == pytest.approx(expected, rel=1e-6)
    predicted, targets = torch.tensor(np.stack([x, y], axis=1)), torch.tensor(np.stack([y, y], axis=1))
    assert float(ccc(predicted, targets)) == pytest.approx((1 - expected) / 2, rel=1e-6)


def test_agreement_is_one_and_a_constant_agrees_with_nothing() -> None:
    x = torch.tensor([0.1, -0.4, 0.9])
    assert float(concordance(x, x)) == pytest.approx(1.0)
    assert float(concordance(-x + 2 * x.mean(), x)) == pytest.approx(-1.0)
    assert float(concordance(torch.zeros(3), x)) == pytest.approx(0.0)
    assert float(concordance(torch.zeros(3), torch.zeros(3))) == 0.0


def test_a_dimension_with_one_value_has_no_correlation() -> None:
    predicted = torch.randn(3, 2, requires_grad=True)
    targets = torch.tensor([[0.1, torch.nan], [0.5, 0.3], [0.9, torch.nan]])
    expected = 1 - concordance(predicted[:, 0], targets[:, 0])
    torch.testing.assert_close(ccc(predicted, targets), expected)


@pytest.mark.parametrize("loss", [cross_entropy, focal, mse, ccc])
def test_rows_without_a_label_count_for_nothing(loss: object) -> None:
    assert callable(loss)
    unknown = torch.full((2, 3), torch.nan)
    logits = torch.cat([LOGITS, torch.randn(2, 3)]).requires_grad_()
    whole = loss(logits, torch.cat([SOFT, unknown]))
    torch.testing.assert_close(whole, loss(LOGITS, SOFT))
    none = loss(logits, torch.full((6, 3), torch.nan))
    none.backward()
    assert float(none.detach()) == 0.0
    assert logits.grad is not None
    assert not logits.grad.any()
