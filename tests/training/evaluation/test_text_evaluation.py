import numpy as np
import pytest
import torch

from live_sentiment.models.text_emotion import TextHead
from live_sentiment.training.data.text_embeddings import EmbeddedTexts
from live_sentiment.training.evaluation import text_evaluation
from live_sentiment.training.evaluation.text_evaluation import (
    Calibration,
    calibrate,
    choose_prior,
    choose_thresholds,
    log_loss,
    measure,
)

EVEN = np.full(7, 1 / 7, np.float32)
HALF = np.full(7, 0.5, np.float32)


@pytest.fixture
def head():
    """Evidence for emotion i is the i-th number of the embedding."""
    head = TextHead(7, 0)
    with torch.no_grad():
        head.emotions.weight.copy_(torch.eye(7))
        head.emotions.bias.zero_()
    return head.eval().requires_grad_(False)


def texts(numbers, labels=None, strength=4.0):
    """Three variants of each text: right, right and, as its beginning, wrong."""
    right = np.eye(7, dtype=np.float32)[numbers]
    wrong = np.roll(right, 1, axis=1)
    embeddings = strength * np.stack([right, right, wrong], axis=1)
    return EmbeddedTexts(embeddings, right if labels is None else labels, None)


def test_each_form_has_its_own_figures(head):
    figures = measure(head, "emotions", texts([0, 1, 2, 2]), Calibration(EVEN), HALF)
    assert figures["as written"]["accuracy"] == figures["plain"]["weighted_f1"] == 1.0
    assert figures["beginnings"]["accuracy"] == 0.0
    assert figures["beginnings"]["ece"] > 0.8
    assert figures["as written"]["ece"] < 0.2


def test_without_labels_of_a_kind_there_are_no_figures(head):
    assert measure(head, "polarity", texts([0]), Calibration(EVEN[:3]), HALF[:3]) == {}
    assert np.isnan(log_loss(head, "polarity", texts([0]), Calibration(EVEN[:3])))
    assert calibrate(head, "polarity", EVEN[:3], texts([0])).temperature == 1.0


def test_several_labels_count_by_threshold_and_by_the_leading_one(head):
    both = np.zeros((4, 7), np.float32)
    both[:, [1, 2]] = 0.5
    data = texts([1, 1, 2, 2], both)
    figures = measure(head, "emotions", data, Calibration(EVEN), HALF)["as written"]
    assert figures["leading_is_named"] == 1.0
    named = choose_thresholds(head, "emotions", data, Calibration(EVEN))
    assert named[1] < 0.5
    assert named[[0, 3, 4, 5, 6]].tolist() == [0.5] * 5
    assert (
        measure(head, "emotions", data, Calibration(EVEN), named)["as written"]["macro_f1"]
        >= figures["macro_f1"]
    )
    assert choose_thresholds(head, "emotions", texts([0, 1]), Calibration(EVEN)).tolist() == [0.5] * 7


def test_what_was_read_in_one_form_has_the_figures_of_one(head):
    data = texts([0, 1, 2])
    written = EmbeddedTexts(data.embeddings[:, :1], data.emotions, None)
    figures = measure(head, "emotions", written, Calibration(EVEN), HALF)
    assert set(figures) == {"as written"}
    assert figures["as written"]["recalls"] == {"neutral": 1.0, "joy": 1.0, "sadness": 1.0}
    assert log_loss(head, "emotions", written, Calibration(EVEN)) < log_loss(
        head, "emotions", data, Calibration(EVEN)
    )


def test_calibration_lowers_the_loss_of_a_head_that_is_too_sure(head):
    data = texts([0, 1, 2, 3, 4, 5, 6] * 5, strength=8.0)
    found = calibrate(head, "emotions", EVEN, data)
    assert found.temperature > 1.5
    assert log_loss(head, "emotions", data, found) < log_loss(head, "emotions", data, Calibration(EVEN))


def test_the_prior_is_flattened_until_the_rare_are_found(head):
    rng = np.random.default_rng(0)
    balance = np.array([0.8, 0.2, 0, 0, 0, 0, 0], np.float32).clip(1e-6)
    numbers = (rng.random(600) < 0.2).astype(int)
    data = texts(numbers)
    faint = np.eye(7, dtype=np.float32)[numbers][:, None].repeat(3, axis=1)
    faint += rng.normal(0, 0.9, faint.shape)
    data = EmbeddedTexts(faint.astype(np.float32), data.emotions, None)
    found = choose_prior(head, "emotions", balance, data)
    assert found.exponent < 1
    assert found.prior[1] > balance[1]
    figures, plain = (
        measure(head, "emotions", data, one, HALF)["as written"]
        for one in (found, calibrate(head, "emotions", balance, data))
    )
    assert figures["weighted_f1"] > plain["weighted_f1"]
    assert figures["recalls"]["joy"] > plain["recalls"]["joy"]


def test_no_prior_may_cost_the_calibration(head, monkeypatch):
    data = texts([0] * 8 + [1] * 2)
    balance = np.array([0.8, 0.2, 0, 0, 0, 0, 0], np.float32).clip(1e-6)
    monkeypatch.setattr(text_evaluation, "HIGHEST_ERROR", 0.0)
    assert choose_prior(head, "emotions", balance, data) == calibrate(head, "emotions", balance, data)
    several = EmbeddedTexts(data.embeddings, np.full((10, 7), 1 / 7, np.float32), None)
    assert choose_prior(head, "emotions", balance, several).exponent == 1


def test_the_prior_decides_where_the_evidence_is_silent():
    prior = np.array([0.2, 0.5, 0.3], np.float32)
    logits = Calibration(prior, 3.0).logits(np.zeros((1, 3), np.float32))
    assert np.exp(logits[0]) == pytest.approx(prior)
