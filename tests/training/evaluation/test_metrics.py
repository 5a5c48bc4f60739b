"""The yardsticks, against values worked out by hand and against scikit-learn."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from live_sentiment.training.evaluation import metrics


def test_confusion_has_the_true_class_in_its_rows() -> None:
    confusion = metrics.confusion_matrix([0, 0, 1, 2], [0, 1, 1, 0], 3)
    assert confusion.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


@pytest.mark.parametrize(("labels", "predicted"), [([0, 3], [0, 0]), ([0, 1], [0, -1]), ([0, 1], [0])])
def test_confusion_refuses_what_does_not_fit(labels: list[int], predicted: list[int]) -> None:
    with pytest.raises(ValueError, match=r"outside|one shape"):
        metrics.confusion_matrix(labels, predicted, 3)


def test_mean_recall_counts_a_rare_class_like_a_frequent_one() -> None:
    confusion = metrics.confusion_matrix([0] * 98 + [1, 1], [0] * 100, 2)
    assert metrics.accuracy(confusion) == pytest.approx(0.98)
    assert metrics.mean_recall(confusion) == pytest.approx(0.5)


def test_a_class_without_samples_is_left_out_of_the_mean() -> None:
    confusion = metrics.confusion_matrix([0, 1], [0, 1], 3)
    assert math.isnan(metrics.recalls(confusion)[2])
    assert metrics.mean_recall(confusion) == 1.0


def test_nothing_measured_is_nan_rather_than_perfect() -> None:
    empty = np.zeros((3, 3), np.int64)
    figures = (metrics.accuracy, metrics.mean_recall, metrics.weighted_f1, metrics.macro_f1)
    assert all(math.isnan(figure(empty)) for figure in figures)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_figures_agree_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    sklearn = pytest.importorskip("sklearn.metrics")
    labels, predicted = zip(*pairs, strict=True)
    confusion = metrics.confusion_matrix(labels, predicted, 4)
    seen = sorted(set(labels))
    assert metrics.mean_recall(confusion) == pytest.approx(
        sklearn.recall_score(labels, predicted, labels=seen, average="macro", zero_division=0)
    )
    assert metrics.weighted_f1(confusion) == pytest.approx(
        sklearn.f1_score(labels, predicted, average="weighted", zero_division=0)
    )
    assert metrics.macro_f1(confusion) == pytest.approx(
        sklearn.f1_score(labels, predicted, labels=seen, average="macro", zero_division=0)
    )


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    probabilities = np.array([[0.9, 0.1]] * 10)
    assert metrics.expected_calibration_error(probabilities, [0] * 9 + [1]) == pytest.approx(0.0)
    assert metrics.expected_calibration_error(probabilities, [0] * 5 + [1] * 5) == pytest.approx(0.4)
    assert metrics.expected_calibration_error(np.array([[1.0, 0.0]]), [0]) == 0.0


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_temperature_undoes_overconfidence(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (4000, 5))
    labels = np.array([rng.choice(5, p=p) for p in softmax(honest, axis=1)])
    found = metrics.fit_temperature(honest * true_temperature, labels)
    assert found == pytest.approx(true_temperature, rel=0.08)


def test_temperature_takes_soft_labels() -> None:
    logits = np.random.default_rng(1).normal(0, 2, (500, 4))
    assert metrics.fit_temperature(4 * logits, softmax(logits, axis=1)) == pytest.approx(4.0, rel=1e-3)


def test_a_sure_and_wrong_answer_costs_more_than_an_unsure_one() -> None:
    assert metrics.negative_log_likelihood([[0.0, 0.0]], [0]) == pytest.approx(math.log(2))
    sure = metrics.negative_log_likelihood([[0.0, 9.0]], [0])
    assert sure > metrics.negative_log_likelihood([[0.0, 9.0]], [0], temperature=5.0) > math.log(2)


def test_report_says_all_of_it_and_can_be_stored() -> None:
    logits = np.log([[0.8, 0.2], [0.6, 0.4], [0.1, 0.9]])
    found = metrics.report(logits, [0, 1, 1], ("calm", "joy"))
    assert found.recalls == {"calm": 1.0, "joy": 0.5}
    assert found.mean_recall == 0.75
    assert "mean recall 75.0%" in str(found)
    assert "joy 50.0%" in str(found)
    assert json.loads(json.dumps(found.as_dict()))["confusion"] == [[1, 0], [1, 1]]
