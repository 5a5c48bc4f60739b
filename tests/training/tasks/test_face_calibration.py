"""What is made of the scores: they hold under the stated prior, and the prior is the flattest that does."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from live_sentiment.models.face_pooling import Pooling
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.tasks.face_calibration import ENOUGH, SecondSays, calibrate

FREQUENCY = np.array([0.4, 0.3, 0.1, 0.08, 0.05, 0.02, 0.05], np.float32)
TRAINED_UNDER = np.sqrt(FREQUENCY) / np.sqrt(FREQUENCY).sum()


def scored(evidence: float, sureness: float, seed: int, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and the scores of a network that knows the evidence but is too sure of it by a known factor."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(7, count, p=FREQUENCY / FREQUENCY.sum())
    # Gaussian evidence of this strength and deviation is a log likelihood as it stands.
    found = evidence * np.eye(7)[labels] + rng.normal(0, np.sqrt(evidence), (count, 7))
    return (sureness * (found + np.log(TRAINED_UNDER))).astype(np.float32), labels


def test_probabilities_hold_under_the_balance_and_under_the_prior() -> None:
    calibration = calibrate(*scored(7.0, 2.5, 0), FREQUENCY, TRAINED_UNDER)
    assert calibration.scale * calibration.temperature == pytest.approx(2.5, rel=0.1)
    held_out, labels = scored(7.0, 2.5, 1)
    logits = (held_out / calibration.scale + calibration.offset) / calibration.temperature
    probabilities = softmax(logits + np.log(calibration.balance / calibration.prior), axis=1)
    assert metrics.expected_calibration_error(probabilities, labels) < 0.02
    weights = (calibration.prior / FREQUENCY)[labels]
    mean = np.average(softmax(logits, axis=1), axis=0, weights=weights)
    assert mean == pytest.approx(calibration.prior, abs=0.02)


def test_the_flattest_prior_that_is_accurate_enough_is_taken() -> None:
    easy = calibrate(*scored(16.0, 1.0, 0), FREQUENCY, TRAINED_UNDER)
    harder = calibrate(*scored(4.5, 1.0, 0), FREQUENCY, TRAINED_UNDER)
    assert easy.exponent == 0
    assert easy.prior == pytest.approx(np.full(7, 1 / 7))
    assert 0 < harder.exponent <= 1
    scores, labels = scored(4.5, 1.0, 0)
    guess = (scores / harder.scale + harder.offset).argmax(axis=1)
    if harder.exponent < 1:
        assert (guess == labels).mean() >= ENOUGH


def test_the_prior_is_chosen_for_what_both_say_together() -> None:
    """A second network that is always right makes every prior accurate enough."""
    scores, labels = scored(2.0, 1.0, 0)
    alone = calibrate(scores, labels, FREQUENCY, TRAINED_UNDER)
    strange = np.full((len(labels), 1), 0.9, np.float32)
    right = SecondSays(np.eye(7, dtype=np.float32)[labels], strange, Pooling())
    assert alone.exponent > 0
    assert calibrate(scores, labels, FREQUENCY, TRAINED_UNDER, right).exponent == 0


def test_an_emotion_that_validation_lacks_stays_possible() -> None:
    scores, labels = scored(4.5, 1.0, 0)
    there = labels != 5
    calibration = calibrate(scores[there], labels[there], FREQUENCY, TRAINED_UNDER)
    assert np.isfinite(calibration.offset).all()
    assert (calibration.balance > 0).all()
