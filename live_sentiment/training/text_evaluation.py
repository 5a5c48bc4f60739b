"""What a text head is worth on one split of one corpus, in each of the forms in which words arrive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import f1_score

from live_sentiment.perception.text.head import TextHead
from live_sentiment.training.metrics import (
    accuracy,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    mean_recall,
    negative_log_likelihood,
    weighted_f1,
)
from live_sentiment.training.text_embeddings import EmbeddedTexts, Kind
from live_sentiment.training.text_fit import fit_evidence_temperature
from live_sentiment.training.text_variants import BEGINNING, PLAIN, WRITTEN
from live_sentiment.types import BoolArray, FloatArray

Classes: TypeAlias = NDArray[np.int64]

FORMS: Mapping[str, int] = {"as written": WRITTEN, "plain": PLAIN, "beginnings": BEGINNING}
"""Name of each form, and its place among the variants of a text."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How evidence becomes probability: softmax(evidence / temperature + log prior)."""

    prior: FloatArray
    temperature: float = 1.0

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


def log_loss(head: TextHead, kind: Kind, texts: EmbeddedTexts, calibration: Calibration) -> float:
    """Mean cross-entropy in nats over all forms; NaN without labels of this kind."""
    labels = texts.labels(kind)
    if labels is None:
        return float("nan")
    logits = calibration.logits(evidence(head, texts.embeddings, kind))
    return float(np.mean([negative_log_likelihood(logits[:, form], labels) for form in FORMS.values()]))


def measure(
    head: TextHead, kind: Kind, texts: EmbeddedTexts, calibration: Calibration, threshold: float
) -> dict[str, dict[str, float]]:
    """Figures by form; none without labels of this kind.

    Args:
        threshold: probability from which a class counts as named, where texts have several labels.
    """
    labels = texts.labels(kind)
    if labels is None:
        return {}
    figures = {}
    for name, form in FORMS.items():
        found = evidence(head, texts.embeddings[:, form], kind)
        probabilities = softmax(calibration.logits(found), axis=1)
        if _is_single(labels):
            uncalibrated = softmax(Calibration(calibration.prior).logits(found), axis=1)
            figures[name] = _single(probabilities, uncalibrated, labels.argmax(axis=1))
        else:
            figures[name] = _several(probabilities, labels > 0, threshold)
    return {name: {key: round(value, 4) for key, value in values.items()} for name, values in figures.items()}


def choose_threshold(head: TextHead, kind: Kind, texts: EmbeddedTexts, calibration: Calibration) -> float:
    """The threshold with the best macro F1 on a development set whose texts have several labels."""
    labels = texts.labels(kind)
    if labels is None or _is_single(labels):
        return 0.5
    logits = calibration.logits(evidence(head, texts.embeddings[:, WRITTEN], kind))
    probabilities = softmax(logits, axis=1)
    thresholds = [percent / 100 for percent in range(10, 60, 5)]
    return max(thresholds, key=lambda one: _several(probabilities, labels > 0, one)["macro_f1"])


def _is_single(labels: FloatArray) -> bool:
    return bool((labels.max(axis=1) > 0.99).all())


def _several(probabilities: FloatArray, named: BoolArray, threshold: float) -> dict[str, float]:
    """Every class with at least `threshold` is said; the leading one hits where it is among those named."""
    leading = named[np.arange(len(named)), probabilities.argmax(axis=1)]
    return {
        "macro_f1": float(f1_score(named, probabilities >= threshold, average="macro", zero_division=0.0)),
        "leading_is_named": float(leading.mean()),
    }


def _single(probabilities: FloatArray, uncalibrated: FloatArray, labels: Classes) -> dict[str, float]:
    confusion = confusion_matrix(labels, probabilities.argmax(axis=1), probabilities.shape[1])
    return {
        "accuracy": accuracy(confusion),
        "weighted_f1": weighted_f1(confusion),
        "macro_f1": macro_f1(confusion),
        "uar": mean_recall(confusion),
        "ece": expected_calibration_error(probabilities, labels),
        "ece_uncalibrated": expected_calibration_error(uncalibrated, labels),
    }
