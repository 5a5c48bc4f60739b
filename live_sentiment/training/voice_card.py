"""The card that lies beside the voice head's weights."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

_CARD = """\
# voice-emotion: what a voice expresses

Seven emotions ({labels}) from the last seconds of speech. One linear layer on {encoder}, layer {layer}:
the mean and deviation over the frames that are speech, relative to the running mean of the speaker. It
reads how a thing is said, as actors say it; it does not read minds.

- Encoder: model.bin of SHA-256 `{encoder_sha256}` (MIT), first {layer} layers, unchanged.
- Seed {seed}; dropout {dropout} (chosen on speakers held out of the training); temperature
  {temperature:.3f}.
- Class prior of the probabilities: uniform, {emotion_prior}; polarity prior {polarity_prior}. Divide it
  out to put in another.
- Polarity: negative = sadness + anger + fear + disgust, positive = joy, neutral = neutral + surprise.

## Trained on

{corpora}

{licence}
Whoever may not use it retrains on clips of their own with one command:

    live-sentiment train voice --data FOLDER --output FILE.safetensors

## Measured

Unweighted average recall (UAR) in %, five folds by actor, nobody in training and test; the regularisation
chosen within the training folds. "First": each clip as the first thing its speaker says. "Session": the
speaker's clips one after the other in random order, normalised by the running mean, causally. Both judge
the last window of each clip; "windows" judges all windows of {context_s:g} s or less each {hop_s:g} s, as
live, those with half a second of speech included.

| corpus alone, its own labels | first | session | session, windows | chance |
|---|---|---|---|---|
{alone}

| train on, read (shared emotions) | first | session | chance |
|---|---|---|---|
{across}

All corpora and {all_labels} emotions, as the head that ships: read by heads that did not hear the actor (five
folds), and by heads that did not hear the corpus, which is what a live session is.

| unknown | read | clips | first | session | session, windows | neg/neu/pos | calibration error |
|---|---|---|---|---|---|---|---|
{unknown}

| emotion | recall, actors unknown | recall, corpora unknown |
|---|---|---|
{recalls}

The temperature is fitted on the corpora held out, classes and corpora balanced: expected calibration error
{error:.3f} (polarity {polarity_error:.3f}), each corpus with the temperature of the others; by speech in the
window: {by_speech}. For actors like those trained on, it is therefore too modest; the table says by how much.

Cost on the CPU that trained it, one thread, per second of sound: {encoder_ms:.1f} ms encoder,
{prosody_ms:.1f} ms prosody, at a hop of {hop_s:g} s.

## Limits

- Acted emotion in a studio. Spontaneous speech is subtler, and most of it is neutral: expect lower
  recall.
- A microphone, room or language unlike those above costs accuracy, as the table across corpora shows; the
  first ten seconds of a speaker are read with less of their own baseline.
- The running mean takes what a speaker does most for usual: somebody sad throughout drifts towards
  neutral.
- One running mean serves one voice; people who take turns at one microphone share it.
- Joy and anger, and sadness and neutral, are about as loud as each other and are mixed up.
- Few actors ({actors}), adults, of a narrow range of ages and accents; no claim about anyone else.
"""


_SOURCES = {
    "ravdess": "RAVDESS (Livingstone & Russo 2018): English, two fixed sentences, CC BY-NC-SA 4.0",
    "emodb": "EmoDB (Burkhardt et al. 2005): German, research use, licence not verified",
    "nemo": "nEMO (Christop 2024): Polish, CC BY-NC-SA 4.0",
}
"""What is known of a corpus; all of these are non-commercial."""

_AS_IT_IS = ("encoder", "layer", "encoder_sha256", "seed", "dropout", "temperature", "actors")


def card(metadata: Mapping[str, Any]) -> str:
    """The card of a head, from its own metadata."""
    metrics = metadata["metrics"]
    calibration = metrics["calibration"]
    text = _CARD.format(
        **{name: metadata[name] for name in _AS_IT_IS},
        labels=", ".join(metadata["labels"]),
        all_labels=len(metadata["labels"]),
        emotion_prior=_numbers(metadata["emotion_prior"]),
        polarity_prior=_numbers(metadata["polarity_prior"]),
        corpora="\n".join(f"- {line}" for line in metadata["corpora"]),
        context_s=metadata["config"]["context_s"],
        hop_s=metadata["config"]["hop_s"],
        licence=_licence(metrics["alone"]),
        alone=_table(
            [
                f"{corpus}, {len(row['labels'])} labels",
                *_pick(row, "first session windows"),
                _chance(row["labels"]),
            ]
            for corpus, row in metrics["alone"].items()
        ),
        across=_table(
            [f"{pair} ({len(row['emotions'])})", *_pick(row, "first session"), _chance(row["emotions"])]
            for pair, row in metrics["across"].items()
        ),
        unknown=_table(
            [
                unknown,
                read,
                str(row["clips"]["samples"]),
                *_pick(row, "first session windows polarity"),
                row["clips"]["calibration_error"],
            ]
            for unknown, rows in metrics["unknown"].items()
            for read, row in rows.items()
        ),
        recalls=_table(
            [label, *(rows["all"]["clips"]["recalls"][label] for rows in metrics["unknown"].values())]
            for label in metadata["labels"]
        ),
        error=calibration["error"],
        polarity_error=calibration["polarity_error"],
        by_speech=", ".join(f"{name} {value:.3f}" for name, value in calibration["by_speech"].items()),
        encoder_ms=metrics["milliseconds"]["encoder"],
        prosody_ms=metrics["milliseconds"]["prosody"],
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


def _pick(row: Mapping[str, float], names: str) -> list[float]:
    return [row[name] for name in names.split()]


def _chance(classes: list[str]) -> float:
    return 1 / len(classes)


def _table(rows: Any) -> str:
    return "\n".join(
        "| " + " | ".join(cell if isinstance(cell, str) else f"{100 * cell:.1f}" for cell in row) + " |"
        for row in rows
    )


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
