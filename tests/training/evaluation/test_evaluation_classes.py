import numpy as np
import pytest
from sklearn import metrics as reference

from live_sentiment.training.evaluation.classes import by_class, decided, overall, reliability
from live_sentiment.training.evaluation.metrics import confusion_matrix


@pytest.fixture
def said() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (200, 4) of a classifier that is right half of the time, and the true classes."""
    random = np.random.default_rng(1)
    true = random.integers(4, size=200)
    scores = random.normal(size=(200, 4)) + 1.2 * np.eye(4)[true]
    p = np.exp(scores)
    return p / p.sum(axis=1, keepdims=True), true


def test_the_figures_are_those_of_scikit_learn(said: tuple[np.ndarray, np.ndarray]) -> None:
    p, true = said
    guess = p.argmax(axis=1)
    found = overall(p, true)
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(true, guess))
    assert found["weighted_f1"] == pytest.approx(reference.f1_score(true, guess, average="weighted"))
    assert found["macro_f1"] == pytest.approx(reference.f1_score(true, guess, average="macro"))
    assert found["precision"] == pytest.approx(reference.precision_score(true, guess, average="macro"))
    assert found["uar"] == pytest.approx(reference.balanced_accuracy_score(true, guess))


def test_every_class_has_its_own_figures(said: tuple[np.ndarray, np.ndarray]) -> None:
    p, true = said
    guess = p.argmax(axis=1)
    precision, recall, f1, support = reference.precision_recall_fscore_support(true, guess)
    for index, one in enumerate(by_class(confusion_matrix(true, guess, 4), "abcd")):
        assert (one.precision, one.recall, one.f1, one.support) == pytest.approx(
            (precision[index], recall[index], f1[index], support[index])
        )


def test_a_class_that_is_never_said_has_no_precision_and_counts_as_zero() -> None:
    p = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert np.isnan(by_class(confusion_matrix([0, 1], [0, 0], 2), "ab")[1].precision)
    assert overall(p, [0, 1])["precision"] == pytest.approx(0.25)


def test_reliability_shows_the_calibration_error(said: tuple[np.ndarray, np.ndarray]) -> None:
    p, true = said
    bins = reliability(p, true)
    assert sum(one.samples for one in bins) == len(p)
    filled = [one for one in bins if one.samples]
    gaps = sum(abs(one.accuracy - one.confidence) * one.samples for one in filled) / len(p)
    assert gaps == pytest.approx(overall(p, true)["ece"])
    assert all(one.low <= one.confidence <= one.high for one in filled)


def test_only_labels_that_one_class_leads_are_decided() -> None:
    labels = [[1, 0, 0], [0.5, 0.5, 0], [0.6, 0.4, 0], [np.nan] * 3]
    assert decided(labels).tolist() == [True, False, True, False]


def test_no_samples_give_no_figures() -> None:
    assert all(np.isnan(one) for one in overall(np.zeros((0, 3)), np.zeros(0, int)).values())
