"""What a text head is worth on one split of one corpus, in each of the forms in which words arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import f1_score

from live_sentiment.core.types import EMOTIONS, POLARITIES, BoolArray, FloatArray
from live_sentiment.models.text_emotion import TextHead
from live_sentiment.training.augment.text_variants import BEGINNING, PLAIN, WRITTEN
from live_sentiment.training.data.text_embeddings import EmbeddedTexts, Kind
from live_sentiment.training.evaluation.metrics import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    mean_recall,
    negative_log_likelihood,
    recalls,
    weighted_f1,
)
from live_sentiment.training.tasks.text_fit import NEVER, fit_evidence_temperature

Classes: TypeAlias = NDArray[np.int64]

FORMS: Mapping[str, int] = {"as written": WRITTEN, "plain": PLAIN, "beginnings": BEGINNING}
"""Name of each form, and its place among the variants of a text."""
PRIOR_EXPONENTS = tuple(step / 20 for step in range(20, 7, -1))
"""What `choose_prior` raises a class balance to, in the order of preference."""
HIGHEST_ERROR = 0.05
"""Expected calibration error that a prior may have on the development set."""
CANDIDATE_THRESHOLDS = tuple(percent / 100 for percent in range(6, 70, 2))
"""What `choose_thresholds` chooses from."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How evidence becomes probability: softmax(evidence / temperature + log prior)."""

    prior: FloatArray
    temperature: float = 1.0
    exponent: float = 1.0
    """Of PRIOR_EXPONENTS: the prior is the class balance of a corpus to this power."""

    def logits(self, evidence: FloatArray) -> FloatArray:
        """Logits (N, C) of evidence (N, C)."""
        adjusted: FloatArray = evidence / self.temperature + np.log(self.prior)
        return adjusted


def evidence(head: TextHead, embeddings: FloatArray, kind: Kind) -> FloatArray:
    """The head's evidence, shape (..., C), of embeddings (..., hidden_size)."""
    emotions, polarity = head(torch.from_numpy(embeddings))
    chosen: FloatArray = (emotions if kind == "emotions" else polarity).numpy()
    return chosen


def calibrate(head: TextHead, kind: Kind, prior: FloatArray, development: EmbeddedTexts) -> Calibration:
    """The prior as given and the temperature that fits a development set best, in all its forms together."""
    labels = development.labels(kind)
    if labels is None:
        return Calibration(prior)
    found = evidence(head, development.embeddings, kind)
    each = labels[:, None, :].repeat(found.shape[1], axis=1)
    classes = len(prior)
    return Calibration(
        prior, fit_evidence_temperature(found.reshape(-1, classes), each.reshape(-1, classes), prior)
    )


def choose_prior(head: TextHead, kind: Kind, balance: FloatArray, development: EmbeddedTexts) -> Calibration:
    """The power of the classes' shares, `balance` (C,), that serves best as prior, with its temperature.

    A flatter prior finds rare classes more often and promises less. Taken is the one with the best weighted
    F1 of a development set as written, among those with a calibration error there within HIGHEST_ERROR. Where
    texts have several labels, thresholds find the rare, and the prior is the balance itself.
    """
    labels = development.labels(kind)
    best, best_f1 = calibrate(head, kind, balance, development), -1.0
    if labels is None or not _is_single(labels):
        return best
    truth = labels.argmax(axis=1)
    found = evidence(head, development.embeddings[:, WRITTEN], kind)
    for exponent in PRIOR_EXPONENTS:
        # A class that the corpus does not have stays away.
        powered = np.where(balance > 2 * NEVER, balance**exponent, balance)
        prior = (powered / powered.sum()).astype(np.float32)
        fitted = replace(calibrate(head, kind, prior, development), exponent=exponent)
        probabilities = softmax(fitted.logits(found), axis=1)
        error = expected_calibration_error(probabilities, truth)
        f1 = weighted_f1(confusion_matrix(truth, probabilities.argmax(axis=1), len(prior)))
        if error <= HIGHEST_ERROR and f1 > best_f1:
            best, best_f1 = fitted, f1
    return best


def log_loss(head: TextHead, kind: Kind, texts: EmbeddedTexts, calibration: Calibration) -> float:
    """Mean cross-entropy in nats over all forms; NaN without labels of this kind."""
    labels = texts.labels(kind)
    if labels is None:
        return float("nan")
    logits = calibration.logits(evidence(head, texts.embeddings, kind))
    forms = range(logits.shape[1])
    return float(np.mean([negative_log_likelihood(logits[:, form], labels) for form in forms]))


def measure(
    head: TextHead, kind: Kind, texts: EmbeddedTexts, calibration: Calibration, thresholds: FloatArray
) -> dict[str, dict[str, Any]]:
    """Figures by form, the recall of each class among them; none without labels of this kind.

    Args:
        thresholds: of each class, the probability from which it counts as named where texts have several
            labels; shape (C,).
    """
    labels = texts.labels(kind)
    if labels is None:
        return {}
    figures = {}
    # What is read in fewer forms is read in the first of them.
    for name, form in list(FORMS.items())[: texts.embeddings.shape[1]]:
        found = evidence(head, texts.embeddings[:, form], kind)
        probabilities = softmax(calibration.logits(found), axis=1)
        if _is_single(labels):
            uncalibrated = softmax(Calibration(calibration.prior).logits(found), axis=1)
            figures[name] = _single(probabilities, uncalibrated, labels.argmax(axis=1), kind)
        else:
            figures[name] = _several(probabilities, labels > 0, thresholds)
    return figures


def choose_thresholds(
    head: TextHead, kind: Kind, texts: EmbeddedTexts, calibration: Calibration
) -> FloatArray:
    """The threshold of each class with its best F1 on a development set whose texts have several labels."""
    labels = texts.labels(kind)
    thresholds = np.full(len(calibration.prior), 0.5, np.float32)
    if labels is None or _is_single(labels):
        return thresholds
    logits = calibration.logits(evidence(head, texts.embeddings[:, WRITTEN], kind))
    for number, (named, found) in enumerate(zip((labels > 0).T, softmax(logits, axis=1).T, strict=True)):
        if named.any():
            thresholds[number] = max(
                CANDIDATE_THRESHOLDS, key=lambda one: f1_score(named, found >= one, zero_division=0.0)
            )
    return thresholds


def _is_single(labels: FloatArray) -> bool:
    return bool((labels.max(axis=1) > 0.99).all())


def _several(probabilities: FloatArray, named: BoolArray, thresholds: FloatArray) -> dict[str, float]:
    """Every class from its threshold on is said; the leading one hits where it is among those named."""
    leading = named[np.arange(len(named)), probabilities.argmax(axis=1)]
    macro_f1 = f1_score(named, probabilities >= thresholds, average="macro", zero_division=0.0)
    return {"macro_f1": round(float(macro_f1), 4), "leading_is_named": round(float(leading.mean()), 4)}


def _single(
    probabilities: FloatArray, uncalibrated: FloatArray, labels: Classes, kind: Kind
) -> dict[str, Any]:
    confusion = confusion_matrix(labels, probabilities.argmax(axis=1), probabilities.shape[1])
    by_class = zip(EMOTIONS if kind == "emotions" else POLARITIES, recalls(confusion), strict=True)
    figures = {
        "accuracy": accuracy(confusion),
        "weighted_f1": weighted_f1(confusion),
        "macro_f1": macro_f1(confusion),
        "uar": mean_recall(confusion),
        "ece": expected_calibration_error(probabilities, labels),
        "ece_uncalibrated": expected_calibration_error(uncalibrated, labels),
    }
    return {name: round(value, 4) for name, value in figures.items()} | {
        # A class that a corpus lacks has no recall.
        "recalls": {name: round(float(recall), 4) for name, recall in by_class if not np.isnan(recall)}
    }
