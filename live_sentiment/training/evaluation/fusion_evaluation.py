"""How good fusion is for every subset of the modalities, and how sure where they contradict each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core import markdown
from live_sentiment.core.types import EMOTIONS, MODALITIES
from live_sentiment.fusion.batch import SUBSETS, FusionBatch, subset_masks
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.training.data.fusion_windows import Windows, only, select, with_one_lying
from live_sentiment.training.evaluation.metrics import expected_calibration_error, report

NAN = float("nan")
ALL_AGREE = "all agree"


@dataclass(frozen=True, slots=True)
class Figures:
    """One fuser on one subset of the modalities, one seed; NaN where nothing is known."""

    accuracy: float = NAN
    """Of the leading emotion against what the person feels, misled modalities included."""
    mean_recall: float = NAN
    calibration_error: float = NAN
    accuracy_agreeing: float = NAN
    """Accuracy on those windows in which nobody is misled."""
    polarity_accuracy: float = NAN
    """Of the leading polarity, where it is not a matter of chance."""
    polarity_calibration_error: float = NAN


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure a fuser is of its leading emotion, and how often it is right."""

    confidence: float
    accuracy: float


def evaluate(fuser: Fuser, windows: Windows) -> list[Figures]:
    """Measure a fuser on the same windows for each of SUBSETS, in that order.

    A subset is measured on the windows that have all of it.
    """
    figures = []
    for keep in subset_masks():
        rows = (windows.batch.present | ~keep).all(dim=1)
        if not rows.any():
            figures.append(Figures())
            continue
        batch = windows.batch if rows.all() else select(windows.batch, rows)
        output = _fused(fuser, batch, keep)
        figures.append(_figures(output, windows, rows))
    return figures


def contradiction(fuser: Fuser, windows: Windows, seed: int) -> dict[str, Confidence]:
    """With all three there and agreeing, and then with each modality showing another emotion instead.

    Empty where too few windows have all three.
    """
    whole = windows.batch.present.all(dim=1) & windows.agreeing & (windows.emotions >= 0)
    if len(torch.unique(windows.emotions[whole])) < 2:
        return {}
    batch, emotions = select(windows.batch, whole), windows.emotions[whole]
    found = {ALL_AGREE: _confidence(fuser, batch, emotions)}
    for modality in MODALITIES:
        lied = with_one_lying(batch, emotions, modality, torch.Generator().manual_seed(seed))
        found[f"{modality} lies"] = _confidence(fuser, lied, emotions)
    return found


def table(seeds: Mapping[str, Sequence[Sequence[Figures]]]) -> str:
    """Markdown table of mean ± standard deviation over seeds: `seeds[fuser][seed][subset]`."""
    head = ("modalities", "fuser", "accuracy", "UAR", "ECE", "accuracy, none misled", "polarity", "its ECE")
    rows = []
    for index, subset in enumerate(SUBSETS):
        name = " + ".join(modality for modality in MODALITIES if modality in subset) or "none (the prior)"
        for fuser, runs in seeds.items():
            cells = [_percent([getattr(run[index], one.name) for run in runs]) for one in fields(Figures)]
            rows.append((name, fuser, *cells))
    return markdown.table(head, rows)


def contradiction_table(seeds: Mapping[str, Sequence[Mapping[str, Confidence]]]) -> str:
    """Markdown table of mean confidence and accuracy: `seeds[fuser][seed][case]`."""
    cases = [ALL_AGREE, *(f"{modality} lies" for modality in MODALITIES)]
    rows = []
    for fuser, runs in seeds.items():
        cells = []
        for case in cases:
            ones = [run[case] for run in runs if case in run]
            sure, right = _percent([one.confidence for one in ones]), _percent([one.accuracy for one in ones])
            cells.append(f"{sure} (right {right})")
        rows.append((fuser, *cells))
    return markdown.table(("fuser", *cases), rows)


def as_json(figures: Figures | Confidence) -> dict[str, Any]:
    """Plain rounded numbers; None for what is not known, since JSON has no NaN."""
    values = {one.name: getattr(figures, one.name) for one in fields(figures)}
    return {name: None if np.isnan(value) else round(value, 4) for name, value in values.items()}


def _figures(output: FusionOutput, windows: Windows, rows: Tensor) -> Figures:
    values: dict[str, float] = {}
    emotions, polarity = windows.emotions[rows], windows.polarity[rows]
    known = emotions >= 0
    if known.any():
        told = report(output.emotion_logits[known].numpy(), emotions[known].numpy(), EMOTIONS)
        right = output.emotion_logits.argmax(dim=1) == emotions
        agreeing = windows.agreeing[rows] & known
        values |= {
            "accuracy": told.accuracy,
            "mean_recall": told.mean_recall,
            "calibration_error": told.calibration_error,
            "accuracy_agreeing": _mean(right[agreeing]),
        }
    known = polarity >= 0
    if known.any():
        right = output.polarity_logits.argmax(dim=1) == polarity
        probabilities = output.polarity_logits[known].softmax(dim=1)
        values |= {
            "polarity_accuracy": _mean(right[known & ~windows.by_chance[rows]]),
            "polarity_calibration_error": expected_calibration_error(
                probabilities.numpy(), polarity[known].numpy()
            ),
        }
    return Figures(**values)


def _confidence(fuser: Fuser, batch: FusionBatch, emotions: Tensor) -> Confidence:
    probabilities = _fused(
        fuser, batch, torch.ones(len(MODALITIES), dtype=torch.bool)
    ).emotion_logits.softmax(1)
    leading = probabilities.max(dim=1)
    return Confidence(float(leading.values.mean()), _mean(leading.indices == emotions))


def _fused(fuser: Fuser, batch: FusionBatch, keep: Tensor) -> FusionOutput:
    with torch.inference_mode():
        output: FusionOutput = fuser(only(batch, keep))
    return output


def _mean(right: Tensor) -> float:
    return float(right.float().mean()) if len(right) else NAN


def _percent(values: Sequence[float]) -> str:
    known = [value for value in values if not np.isnan(value)]
    return f"{100 * np.mean(known):.1f} ± {100 * np.std(known):.1f}" if known else "–"
