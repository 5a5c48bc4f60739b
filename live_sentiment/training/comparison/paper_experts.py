"""Sections of the paper's page that are of one modality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from live_sentiment.core.markdown import table
from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.comparison.mosi_text import PUBLISHED
from live_sentiment.training.comparison.numbers import NOTHING, interval, number, percent, spread
from live_sentiment.training.comparison.shipped_experts import (
    PUBLISHED_FER2013,
    PUBLISHED_FERPLUS,
    PUBLISHED_MELD,
)
from live_sentiment.training.evaluation.intervals import Estimate


def mosi_words_section(figures: Figures) -> str:
    """Ours beside the published trimodal rows."""
    test = {name: _estimate(one) for name, one in figures["test"].items()}
    ours = [
        "words alone, shipped text encoder",
        interval(test["acc2_nonnegative"]),
        interval(test["acc2_nonzero"]),
        interval(test["acc7"]),
        interval(test["mae"], share=False),
        interval(test["corr"], share=False),
    ]
    others = [
        [one.name, NOTHING, percent(one.acc2_nonzero, 2), NOTHING, number(one.mae), number(one.corr)]
        for one in PUBLISHED
    ]
    head = ["model", "Acc-2, negative / non-negative", "Acc-2, without 0", "Acc-7", "MAE", "correlation"]
    samples = figures["samples"]
    return (
        f"Transcripts of the corpus; {samples['train']} / {samples['validation']} / {samples['test']} "
        "utterances. A ridge regression of the score in [−3, 3] on what the shipped text expert reads; its "
        f"input (here: {figures['features']}) and penalty (here: {figures['penalty']:g}) were chosen on the "
        f"validation split (MAE {number(figures['validation_mae'])}). The rows below it are as published and "
        "use three modalities.\n\n" + table(head, [ours, *others], numbers=True)
    )


def meld_section(figures: Figures) -> str:
    """Weighted F1 of seven emotions and three sentiments."""
    rows = []
    for way in ("alone", "in context"):
        if way in figures:
            emotions, polarity = figures[way]["emotions"], figures[way]["polarity"]
            rows.append(
                [
                    f"shipped text expert, each utterance {way}",
                    interval(_estimate(emotions["weighted_f1"])),
                    interval(_estimate(polarity["weighted_f1"])),
                    interval(_estimate(emotions["macro_f1"])),
                    percent(emotions["ece"]["value"]),
                    percent(polarity["ece"]["value"]),
                ]
            )
    rows += [
        [name, percent(seven, 2), percent(three, 2), NOTHING, NOTHING, NOTHING]
        for name, seven, three in PUBLISHED_MELD
    ]
    samples = figures["alone"]["emotions"]["samples"]
    context = figures["context_utterances"]
    note = (
        f" In context: with the {context} utterances before it in the dialogue, as a session can have them."
        if "in context" in figures
        else ""
    )
    head = ["model", "weighted F1, 7", "weighted F1, 3", "macro F1, 7", "ECE, 7", "ECE, 3"]
    return (
        f"Test split, {samples} utterances, words alone as transcribed by the corpus. The shipped weights as "
        f"they are, leading class under their own prior.{note} RoBERTa is five times larger, and "
        "fine-tuned.\n\n" + table(head, rows, numbers=True)
    )


def voices_section(figures: Figures) -> str:
    """UAR by corpus over the seeds."""
    rows = [
        [
            name,
            str(runs[0]["classes"]),
            str(runs[0]["actors"]),
            str(runs[0]["clips"]),
            spread([run["first"] for run in runs]),
            spread([run["session"] for run in runs]),
            spread([run["offline"] for run in runs]),
            percent(1 / runs[0]["classes"]),
        ]
        for name, runs in figures.items()
    ]
    head = [
        "corpus",
        "labels",
        "actors",
        "clips",
        "UAR, first thing said",
        "UAR, in a session",
        "UAR, offline",
        "chance",
    ]
    return (
        "Five folds by actor: every clip is read by a head trained on other actors of the same corpus, with "
        "the corpus's own labels. The shipped head is trained by the same recipe on all actors. In a session "
        "a voice is read relative to what was heard of its speaker before; offline, relative to all of the "
        f"speaker's clips. ± over {len(next(iter(figures.values())))} divisions into folds.\n\n"
        + table(head, rows, numbers=True)
    )


def faces_section(figures: Figures) -> str:
    """Accuracy and mean recall on the test pictures, and by group on faces from elsewhere."""
    plus = {name: figures[name]["emotions"] for name in ("clear", "all", "fer2013")}

    def row(name: str, found: dict[str, Any]) -> list[str]:
        cells = [interval(_estimate(found[key])) for key in ("accuracy", "uar")]
        return [name, str(found["samples"]), *cells, percent(found["ece"]["value"])]

    eight = figures["eight"]
    rows = [
        row("FERPlus, clear majority (more than half of the votes)", plus["clear"]),
        row("FERPlus, leading emotion", plus["all"]),
        [
            "FERPlus, eight classes, contempt always missed",
            str(eight["samples"]),
            percent(eight["accuracy"]),
            NOTHING,
            NOTHING,
        ],
        [f"published: {PUBLISHED_FERPLUS[0]}", NOTHING, percent(PUBLISHED_FERPLUS[1], 2), NOTHING, NOTHING],
        row("FER2013, the challenge's label", plus["fer2013"]),
        *(
            [f"published: {name}", NOTHING, percent(value), NOTHING, NOTHING]
            for name, value in PUBLISHED_FER2013
        ),
    ]
    return (
        "The shipped network on the official test pictures, aligned by the detector as in a session. It was "
        "trained on FERPlus's votes, which often contradict FER2013's own labels.\n\n"
        + table(["faces", "pictures", "accuracy", "mean recall", "ECE"], rows, numbers=True)
        + (groups_section(figures["elsewhere"]) if figures.get("elsewhere") else "")
    )


def groups_section(groups: Sequence[dict[str, Any]]) -> str:
    """Faces of collections that taught nothing, group by group.

    Args:
        groups: `GroupFigures.as_dict` of each.
    """
    rows = []
    for one in groups:
        estimates = {name: _estimate(found) for name, found in one["estimates"].items()}
        recalls = [percent(row["recall"] if row["support"] else None) for row in one["by_class"]]
        cells = [interval(estimates[name]) for name in ("accuracy", "uar")]
        ece = percent(estimates["ece"].value)
        rows.append([f"{one['kind']}: {one['name']}", str(one["samples"]), *cells, ece, *recalls])
    return (
        "\n\n### Faces from elsewhere, by group\n\n"
        "Test people of collections that taught nothing: `taiwan`, posed by Taiwanese performers, in colour; "
        "`lfw-expr`, news photographs with one labeller. The other half of the people of each, none of whom "
        'is here, chose how the two networks are pooled. "Raters see another emotion" is what was posed '
        "and is not seen: most of fear. Mean recall is over the classes that a group has; of disgust and "
        "fear `lfw-expr` has nearly none.\n\n"
        + table(
            [
                "group",
                "pictures",
                "accuracy",
                "mean recall",
                "ECE",
                *(f"recall, {name}" for name in EMOTIONS),
            ],
            rows,
            numbers=True,
        )
    )


def _estimate(one: dict[str, float]) -> Estimate:
    missing = float("nan")
    return Estimate(*(missing if one[key] is None else one[key] for key in ("value", "low", "high")))
