"""The card that lies beside the voice head's weights."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from live_sentiment.training.augment.voice_hearings import HARDSHIP_CLIPS, STUDIO_CLIPS
from live_sentiment.training.augment.voice_surroundings import HARDSHIPS

_CARD = """\
# voice-emotion: what a voice expresses

Seven emotions ({labels}) from the last seconds of speech. One linear layer on all {layers} layers of
{encoder}: the mean and deviation of each over the frames that are speech, relative to the running mean of
the speaker. It reads how a thing is said, as actors say it; it does not read minds.

- Encoder: model.bin of SHA-256 `{encoder_sha256}` (MIT), unchanged.
- Seed {seed}; the mean of {layers_trained} layers, dropout {dropout}, {steps} steps each;
  temperature {temperature:.3f}.
- Class prior of the probabilities: uniform, {emotion_prior}; polarity prior {polarity_prior}. Divide it
  out to put in another.
- Polarity: negative = sadness + anger + fear + disgust, positive = joy, neutral = neutral + surprise.
- The embedding that goes to fusion is the mean over the layers, relative to the speaker.

## Trained on

{corpora}

{licence}
Whoever may not use it retrains on clips of their own with one command:

    live-sentiment train voice --data FOLDER --output FILE.safetensors

Of a corpus with more than {studio_clips} clips every n-th is heard. Beside the clips as they are, the head
heard {copies}, in which every speaker has surroundings of their own: another speed (0.88 to 1.14), a room,
noise (white, pink, brown, mains hum, babble; 2 to 30 dB), a microphone's tilt, a muffled or a telephone
line, another level (-20 to +8 dB).

## Measured

Unweighted average recall (UAR) in %, five folds by actor, nobody in training and test; dropout and length
were fixed beforehand. That four layers are read instead of two was preferred after one run on the folds of
RAVDESS (79.7 against 78.4 in a session, without copies): its row is optimistic by what such a choice brings.
"First": each clip as the first thing its
speaker says. "Session": the speaker's clips one after the other in random order, normalised by the running
mean, causally: that is what ships. "Offline": by the mean over all of the speaker's clips. All judge the last
window of each clip; "windows" judges all windows of {context_s:g} s or less each {hop_s:g} s, as live,
those with half a second of speech included. {divisions}

| corpus alone, its own labels | first | session | offline | session, windows | chance |
|---|---|---|---|---|---|
{alone}

The same heads at a signal-to-noise ratio, in sessions (pink noise and babble in turns, on at most
{most_clips} clips of a corpus, those in which speech is found):

| corpus alone, its own labels | studio | {places} |
|---|---|{rule}
{elsewhere}

All corpora and {all_labels} emotions, as the head that ships: read by heads that did not hear the actor (five
folds), and by heads that did not hear the corpus.

| unknown | read | clips | first | session | session, windows | neg/neu/pos | ECE, session / first |
|---|---|---|---|---|---|---|---|
{unknown}

| emotion | recall, actors unknown | recall, corpora unknown |
|---|---|---|
{recalls}

The temperature is fitted on the actors held out, first things said and sessions in equal parts, classes and
corpora balanced: expected calibration error (ECE) {error:.3f} (polarity {polarity_error:.3f}) over all
windows, each fold with the temperature of the others; by speech in the window: {by_speech}. On last windows
it is too modest in a session, and too sure of the first thing said by a corpus that it has not heard; the
tables say by how much:

| unknown | heard in | session | neg/neu/pos | ECE, session / first |
|---|---|---|---|---|
{hardships}

Cost on the CPU that trained it, one thread, per second of sound: {encoder_ms:.1f} ms encoder,
{prosody_ms:.1f} ms prosody, at a hop of {hop_s:g} s; {once_ms:.1f} ms encoder where each second is read
once; process time, on a machine as busy as it then was.

## Limits

- Acted emotion in a studio. Spontaneous speech is subtler, and most of it is neutral: expect lower
  recall, and too much confidence.
- Noise, rooms and lines were put on by computation; a language unlike those above costs accuracy, as the
  table shows; the first ten seconds of a speaker are read with less of their own baseline.
- The running mean takes what a speaker does most for usual: somebody sad throughout drifts towards
  neutral.
- One running mean serves one voice; people who take turns at one microphone share it.
- Few actors ({actors}), adults, of a narrow range of ages and accents; no claim about anyone else.
"""


_SOURCES = {
    "ravdess": "RAVDESS (Livingstone & Russo 2018): English, two fixed sentences, CC BY-NC-SA 4.0",
    "emodb": "EmoDB (Burkhardt et al. 2005): German, research use, licence not verified",
    "nemo": "nEMO (Christop 2024): Polish, CC BY-NC-SA 4.0",
}
"""What is known of a corpus; all of these are non-commercial."""

_AS_IT_IS = ("encoder", "layers", "encoder_sha256", "seed", "seeds", "temperature", "actors")
_OF_SCHEDULE = ("dropout", "steps")


def card(metadata: Mapping[str, Any]) -> str:
    """The card of a head, from its own metadata."""
    metrics = metadata["metrics"]
    calibration = metrics["calibration"]
    alone = metrics["alone"]
    places = [place for place in HARDSHIPS if place in metrics["elsewhere"]["actors"]]
    text = _CARD.format(
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
        "| " + " | ".join(cell if isinstance(cell, str) else f"{100 * cell:.1f}" for cell in row) + " |"
        for row in rows
    )


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
