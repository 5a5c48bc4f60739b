"""The card that lies beside the voice head's weights."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from live_sentiment.core.markdown import prose, row
from live_sentiment.training.augment.acoustic_conditions import HARDSHIP_CLIPS, STUDIO_CLIPS
from live_sentiment.training.augment.acoustic_environments import HARDSHIPS

_TEXTS = prose(__package__, "voice")
_SOURCES = prose(__package__, "voice", "sources")
"""What is known of a corpus; all of these are non-commercial."""

_AS_IT_IS = ("encoder", "layers", "encoder_sha256", "seed", "seeds", "temperature", "actors")
_OF_SCHEDULE = ("dropout", "steps")


def card(metadata: Mapping[str, Any]) -> str:
    """The card of a head, from its own metadata."""
    metrics = metadata["metrics"]
    calibration = metrics["calibration"]
    alone = metrics["alone"]
    places = [place for place in HARDSHIPS if place in metrics["elsewhere"]["actors"]]
    text = _TEXTS["card"].format(
        **{name: metadata[name] for name in _AS_IT_IS},
        copies=_copies(metadata["copies"]),
        **{name: metadata["schedule"][name] for name in _OF_SCHEDULE},
        layers_trained=metadata["schedule"]["layers"],
        labels=", ".join(metadata["labels"]),
        all_labels=len(metadata["labels"]),
        emotion_prior=_numbers(metadata["emotion_prior"]),
        polarity_prior=_numbers(metadata["polarity_prior"]),
        corpora="\n".join(f"- {line}" for line in metadata["corpora"]),
        context_s=metadata["config"]["context_s"],
        hop_s=metadata["config"]["hop_s"],
        licence=_licence(alone),
        alone=_table(
            [
                f"{corpus}, {len(row['labels'])} labels",
                *(_spread(row, mode) for mode in ("first", "session", "offline", "windows")),
                _chance(row["labels"]),
            ]
            for corpus, row in alone.items()
        ),
        divisions=_divisions(metadata["seeds"]),
        most_clips=HARDSHIP_CLIPS,
        studio_clips=STUDIO_CLIPS,
        places=" | ".join(places),
        rule="---|" * len(places),
        elsewhere=_table(
            [f"{corpus}, {len(row['labels'])} labels", row["session"], *(row[place] for place in places)]
            for corpus, row in alone.items()
        ),
        unknown=_table(
            [
                unknown,
                read,
                str(row["clips"]["samples"]),
                *_pick(row, "first session windows polarity"),
                _errors(row),
            ]
            for unknown, rows in metrics["unknown"].items()
            for read, row in rows.items()
        ),
        recalls=_table(
            [label, *(rows["all"]["clips"]["recalls"][label] for rows in metrics["unknown"].values())]
            for label in metadata["labels"]
        ),
        hardships=_table(
            [unknown, place, *_pick(row, "session polarity"), _errors(row)]
            for unknown, rows in metrics["elsewhere"].items()
            for place in places
            for row in (rows[place],)
        ),
        error=calibration["error"],
        polarity_error=calibration["polarity_error"],
        by_speech=", ".join(f"{name} {value:.3f}" for name, value in calibration["by_speech"].items()),
        encoder_ms=metrics["milliseconds"]["encoder"],
        prosody_ms=metrics["milliseconds"]["prosody"],
        once_ms=metrics["milliseconds"]["once"],
    )
    return "\n\n".join(_filled(part) for part in text.split("\n\n"))


def _filled(part: str) -> str:
    """A paragraph filled to the width of the page; tables, lists and headings as they are."""
    if part.startswith(("|", "-", "#", " ")):
        return part
    return textwrap.fill(part, 108, break_long_words=False, break_on_hyphens=False)


def _licence(corpora: Iterable[str]) -> str:
    known = [_SOURCES.get(corpus, f"{corpus}: licence unknown to this program") for corpus in corpora]
    text = ". ".join(known) + "."
    if any(corpus in _SOURCES for corpus in corpora):
        text += " **Non-commercial corpora: a weight trained on them inherits the question.**"
    return text


def _spread(row: Mapping[str, Any], mode: str) -> str:
    """Mean and deviation, which one division alone does not have."""
    mean, spread = 100 * row[mode], 100 * row["spread"][mode]
    return f"{mean:.1f} ± {spread:.1f}" if spread else f"{mean:.1f}"


def _copies(count: int) -> str:
    return "a copy of them" if count == 1 else f"{count} copies of them"


def _divisions(seeds: int) -> str:
    return f"Mean ± deviation over {seeds} divisions into folds." if seeds > 1 else "One division into folds."


def _errors(row: Mapping[str, Any]) -> str:
    return f"{row['clips']['calibration_error']:.3f} / {row['first_calibration_error']:.3f}"


def _pick(row: Mapping[str, float], names: str) -> list[float]:
    return [row[name] for name in names.split()]


def _chance(classes: list[str]) -> float:
    return 1 / len(classes)


def _table(rows: Any) -> str:
    return "\n".join(
        row(cell if isinstance(cell, str) else f"{100 * cell:.1f}" for cell in cells) for cells in rows
    )


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
