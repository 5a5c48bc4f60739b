"""Sections of the paper's page that compare fusers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from live_sentiment.core.markdown import prose, table
from live_sentiment.core.types import MODALITIES
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.comparison.mosi_features import ARCHITECTURE, RECIPE, REGRESSION_C, STRONGER_C
from live_sentiment.training.comparison.numbers import percent, spread
from live_sentiment.training.tasks.imputation import MASKING, Outcome, imputation_table, winner

_TEXTS = prose(__package__, "paper")


def mosi_fusers_section(figures: Figures) -> str:
    """Accuracy of every row over the seeds."""
    rows = []
    for name, runs in figures["rows"].items():
        on_train = [run["train_accuracy"] for run in runs if "train_accuracy" in run]
        rows.append(
            [
                name,
                spread([run["accuracy"] for run in runs]),
                spread([run["weighted_f1"] for run in runs]),
                spread(on_train),
                str(len(runs)),
            ]
        )
    return _TEXTS["mosi_fusers"].format(
        **figures["samples"],
        width=ARCHITECTURE.width,
        dropout=ARCHITECTURE.dropout,
        epochs=RECIPE.epochs,
        batch=RECIPE.batch,
        rate=RECIPE.learning_rate,
        decay=RECIPE.weight_decay,
        smoothing=RECIPE.label_smoothing,
        default=REGRESSION_C,
        stronger=STRONGER_C,
        rows=table(["model", "accuracy", "weighted F1", "on training data", "seeds"], rows, numbers=True),
    )


def synthetic_section(figures: Figures) -> str:
    """Every fuser on every subset, and with one modality lying."""
    runs: Sequence[Mapping[str, Any]] = figures["runs"]
    return _TEXTS["synthetic"].format(
        runs=len(runs),
        in_use=figures["in_use"],
        subsets=_subsets(runs),
        lies=_lies(runs),
        verdict=_verdict(runs, figures["in_use"]),
        sources="; ".join(f"{name}: {line}" for name, line in figures["sources"].items()),
    )


def _subsets(runs: Sequence[Mapping[str, Any]]) -> str:
    columns = {
        "accuracy": "accuracy",
        "mean_recall": "UAR",
        "calibration_error": "ECE",
        "accuracy_agreeing": "accuracy, all agree",
        "polarity_accuracy": "polarity",
        "polarity_calibration_error": "its ECE",
    }
    rows = []
    for fuser in runs[0]:
        # All together first, nothing at all last.
        subsets = sorted(runs[0][fuser]["subsets"], key=lambda one: (one == "nothing", -one.count("+")))
        for subset in subsets:
            ones = [run[fuser]["subsets"][subset] for run in runs]
            cells = [spread([one[key] for one in ones if one.get(key) is not None]) for key in columns]
            rows.append([fuser, subset, *cells])
    return table(["fuser", "present", *columns.values()], rows, numbers=True)


def _lies(runs: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for fuser in runs[0]:
        for liar in MODALITIES:
            ones = [run[fuser]["lies"][liar] for run in runs]
            rows.append(
                [
                    fuser,
                    liar,
                    *(
                        spread([one[key] for one in ones])
                        for key in (
                            "honest_confidence",
                            "lying_confidence",
                            "fell",
                            "honest_accuracy",
                            "lying_accuracy",
                        )
                    ),
                ]
            )
    head = ["fuser", "who lies", "confidence before", "after", "fell in", "right before", "right after"]
    return table(head, rows, numbers=True)


def _verdict(runs: Sequence[Mapping[str, Any]], in_use: str) -> str:
    """Whether the confidence of the fuser in use falls, whoever lies."""
    falls = {
        liar: float(
            np.mean([one["honest_confidence"] - one["lying_confidence"] for one in _of(runs, in_use, liar)])
        )
        for liar in MODALITIES
    }
    told = ", ".join(f"{percent(fall)} points when {liar} lies" for liar, fall in falls.items())
    if all(fall > 0 for fall in falls.values()):
        return f"The confidence of `{in_use}` falls whoever lies: by {told}."
    return f"**The confidence of `{in_use}` does not fall whoever lies**: it falls by {told}."


def _of(runs: Sequence[Mapping[str, Any]], fuser: str, liar: str) -> list[Mapping[str, float]]:
    return [run[fuser]["lies"][liar] for run in runs]


def imputing_section(figures: Figures) -> str:
    """Accuracy with one or two modalities missing, by what is done about it."""
    told, _ = _imputed(figures)
    return (
        "CMU-MOSI, ACL 2017 split, with the features and settings of the first section: one or two "
        "modalities of every test utterance are taken away, and either masked or imputed from what is left. "
        f"The fuser (`{figures['core']}`) learnt from every utterance whole and with modalities left out, "
        f"and is the same for all four. {told}"
    )


def imputing_pairs_section(figures: Figures) -> str:
    """The same for the fuser in use; it decides whether a session imputes."""
    told, best = _imputed(figures)
    so = (
        "A session therefore masks what is missing."
        if best == MASKING
        else f"A session masks all the same: it has no {best} yet."
    )
    return (
        "Synthetic test pairs as above, with all three modalities, of which one or two are taken away; the "
        f"imputers learn from training pairs. The fuser is the one in use (`{figures['fuser']}`). {told} {so}"
    )


def _imputed(figures: Figures) -> tuple[str, str]:
    """The table with who wins, in words; and the winner's name."""
    outcomes = [Outcome(**one) for one in figures["outcomes"]]
    best = winner(outcomes)
    told = (
        "Nothing beats masking clearly (by more than the standard error over the seeds)."
        if best == MASKING
        else f"The {best} beats masking by more than the standard error over the seeds."
    )
    seeds = len({one.seed for one in outcomes})
    return f"Accuracy in %, {seeds} seeds.\n\n{imputation_table(outcomes)}\n\n{told}", best
