"""How good fusion is on synthetic pairs, for every subset of the modalities and over several seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from live_sentiment.fusion.batch import SUBSETS, subset_masks
from live_sentiment.fusion.fuser import Fuser
from live_sentiment.training.metrics import report
from live_sentiment.training.pairing import Pairs
from live_sentiment.types import EMOTIONS, MODALITIES


@dataclass(frozen=True, slots=True)
class Figures:
    """One fuser on one subset of the modalities, one seed."""

    accuracy: float
    """Of the leading emotion against what the person feels, misled modalities included."""
    mean_recall: float
    calibration_error: float
    accuracy_agreeing: float
    """Accuracy on those pairs in which nobody is misled."""
    polarity_accuracy: float
    """Of the leading polarity, without the pairs that feel surprise, whose polarity is a matter of chance."""


def evaluate(fuser: Fuser, pairs: Pairs) -> list[Figures]:
    """Measure a fuser on the same pairs for each of SUBSETS, in that order."""
    agreeing = (pairs.shown == pairs.emotions[:, None]).all(dim=1)
    told = pairs.emotions != EMOTIONS.index("surprise")
    figures = []
    for keep in subset_masks():
        with torch.inference_mode():
            output = fuser(pairs.batch.keeping(keep.expand(len(pairs.batch), -1)))
        emotions = report(output.emotion_logits.numpy(), pairs.emotions.numpy(), EMOTIONS)
        right = output.emotion_logits.argmax(dim=1) == pairs.emotions
        right_polarity = output.polarity_logits.argmax(dim=1) == pairs.polarity
        figures.append(
            Figures(
                accuracy=emotions.accuracy,
                mean_recall=emotions.mean_recall,
                calibration_error=emotions.calibration_error,
                accuracy_agreeing=float(right[agreeing].float().mean()),
                polarity_accuracy=float(right_polarity[told].float().mean()),
            )
        )
    return figures


def table(seeds: Mapping[str, Sequence[Sequence[Figures]]]) -> str:
    """Markdown table of mean ± standard deviation over seeds: `seeds[fuser][seed][subset]`."""
    head = ("modalities", "fuser", "accuracy", "UAR", "ECE", "accuracy, none misled", "polarity accuracy")
    lines = [_row(head), _row(["---"] * len(head))]
    for index, subset in enumerate(SUBSETS):
        name = " + ".join(modality for modality in MODALITIES if modality in subset) or "none (the prior)"
        for fuser, runs in seeds.items():
            ones = [run[index] for run in runs]
            lines.append(
                _row(
                    (
                        name,
                        fuser,
                        _percent([one.accuracy for one in ones]),
                        _percent([one.mean_recall for one in ones]),
                        _percent([one.calibration_error for one in ones]),
                        _percent([one.accuracy_agreeing for one in ones]),
                        _percent([one.polarity_accuracy for one in ones]),
                    )
                )
            )
    return "\n".join(lines)


def _percent(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.1f} ± {100 * np.std(values):.1f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
