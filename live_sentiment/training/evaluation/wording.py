"""What tasks and figures are called."""

from __future__ import annotations

from collections.abc import Mapping

TASKS: Mapping[str, str] = {
    "emotions": "Seven emotions",
    "polarity": "Polarity",
    "valence": "Valence",
    "arousal": "Arousal",
    "score": "Sentiment score",
}

FIGURES: Mapping[str, str] = {
    "accuracy": "Accuracy",
    "weighted_f1": "Weighted F1",
    "macro_f1": "Macro F1",
    "precision": "Precision (macro)",
    "uar": "UAR (mean recall)",
    "ece": "ECE (calibration error)",
    "ccc": "CCC",
    "mae": "MAE",
    "corr": "Correlation",
    "acc2_nonnegative": "Acc-2, negative / non-negative",
    "f1_nonnegative": "F1, negative / non-negative",
    "acc2_nonzero": "Acc-2, negative / positive without 0",
    "f1_nonzero": "F1, negative / positive without 0",
    "acc7": "Acc-7",
}

GROUP_FIGURES = ("accuracy", "uar", "ece")
"""Figures that are told of every group."""

NAMES: Mapping[str, str] = {"text": "words", "voice": "voice", "vision": "face"}
"""Modalities."""
