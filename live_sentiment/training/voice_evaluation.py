"""How well voices of unknown speakers are read: within a corpus, across corpora, and by the head that ships.

Speakers never cross a split, and what a head needs chosen (its dropout) is chosen on speakers of its own
training folds. A live session is a corpus that no head has heard: so the probabilities are calibrated on
whole corpora held out, and the temperature that judges one of them comes from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from live_sentiment.perception.voice.head import POLARITY_OF, polarity
from live_sentiment.training import metrics
from live_sentiment.training.voice_corpora import Clip
from live_sentiment.training.voice_head import Schedule, choose_dropout, train, uar
from live_sentiment.training.voice_sessions import Labelled, Mode, folds, labelled
from live_sentiment.training.voice_windows import Windows
from live_sentiment.types import EMOTIONS, POLARITIES, BoolArray

FOLDS = 5
MODES: tuple[Mode, ...] = ("first", "session")
CALIBRATION_WINDOWS = 20_000
"""Drawn with replacement, classes and corpora balanced, wherever probabilities are judged."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What heads say of speakers they never heard, over all folds."""

    data: Labelled
    logits: dict[Mode, NDArray[np.float64]]
    """Shape (N, classes) each."""
    fold: NDArray[np.int64]
    """Shape (N,)."""

    def uar(self, mode: Mode, chosen: BoolArray | None = None) -> float:
        """Unweighted average recall, of the clips' last windows unless others are chosen."""
        return uar(self.logits[mode], self.data, self.data.last if chosen is None else chosen)


def unknown_corpora(data: Labelled, seed: int) -> list[BoolArray]:
    """One corpus held out at a time; folds of speakers where the other corpora would lack a class."""
    held_out = [data.corpus == corpus for corpus in np.unique(data.corpus)]
    if all(len(np.unique(data.label[~held])) == len(data.names) for held in held_out):
        return held_out
    return folds(data, FOLDS, seed)


def hold_out(
    data: Labelled, parts: Sequence[BoolArray], seed: int, schedule: Schedule, step: Callable[[], None]
) -> HeldOut:
    """Train a head without each part, masks of shape (N,), and let it read that part."""
    fold = np.zeros(len(data), np.int64)
    logits = {mode: np.zeros((len(data), len(data.names))) for mode in MODES}
    for number, held in enumerate(parts):
        known, others = data.where(~held), data.where(held)
        head = train(known, choose_dropout(known, seed, schedule), seed, schedule)
        for mode in MODES:
            logits[mode][held] = head.logits(others, mode, seed)
        fold[held] = number
        step()
    return HeldOut(data, logits, fold)


def corpora_alone(clips: Sequence[Clip], windows: Windows) -> Iterator[tuple[str, Labelled]]:
    """Every corpus with the labels that it has itself, those without a counterpart in EMOTIONS included."""
    for corpus in sorted({clip.corpus for clip in clips}):
        names = sorted({clip.label for clip in clips if clip.corpus == corpus})
        yield corpus, labelled(clips, windows, names, _label_in(corpus))


def corpus_pairs(clips: Sequence[Clip], windows: Windows) -> Iterator[tuple[str, str, Labelled, Labelled]]:
    """Every two corpora, to train on the first and read the second, with the emotions that both have."""
    of = {
        corpus: {clip.emotion for clip in clips if clip.corpus == corpus and clip.emotion}
        for corpus in sorted({clip.corpus for clip in clips})
    }
    for known, other in permutations(of, 2):
        names = [emotion for emotion in EMOTIONS if emotion in of[known] & of[other]]
        both = labelled(clips, windows, names, lambda clip: clip.emotion)
        yield known, other, both.where(both.corpus == known), both.where(both.corpus == other)


def across(known: Labelled, other: Labelled, seed: int, schedule: Schedule) -> dict[str, float]:
    """UAR of another corpus's clips in both modes."""
    head = train(known, choose_dropout(known, seed, schedule), seed, schedule)
    return {mode: uar(head.logits(other, mode, seed), other, other.last) for mode in MODES}


@dataclass(frozen=True, slots=True)
class Calibration:
    """The temperature of the head that ships, and how well such temperatures do on unknown speakers."""

    temperature: float
    error: float
    """Expected calibration error of the emotions, each part with the temperature of the others."""
    polarity_error: float
    by_speech: dict[str, float]
    """The same error by how much speech the window has."""


def calibrate(held_out: HeldOut, seed: int) -> Calibration:
    """Fit the temperature on what the heads never heard, in sessions, the classes and corpora balanced."""
    data, logits = held_out.data, held_out.logits["session"]
    random = np.random.default_rng(seed)
    drawn = random.choice(len(data), CALIBRATION_WINDOWS, p=data.weights())
    probabilities = np.zeros((len(drawn), len(data.names)))
    for number in np.unique(held_out.fold):
        here = held_out.fold[drawn] == number
        elsewhere = drawn[~here]
        temperature = metrics.fit_temperature(logits[elsewhere], data.label[elsewhere])
        probabilities[here] = softmax(logits[drawn[here]] / temperature, axis=1)
    label, speech_s = data.label[drawn], data.speech_s[drawn]
    parts = {
        "under 1 s": speech_s < 1,
        "1 to 2 s": (speech_s >= 1) & (speech_s < 2),
        "2 s and more": speech_s >= 2,
    }
    return Calibration(
        temperature=metrics.fit_temperature(logits[drawn], label),
        error=metrics.expected_calibration_error(probabilities, label),
        polarity_error=metrics.expected_calibration_error(polarity(probabilities), _polarity_of(label)),
        by_speech={
            name: metrics.expected_calibration_error(probabilities[part], label[part])
            for name, part in parts.items()
            if part.any()
        },
    )


def figures(held_out: HeldOut, temperature: float) -> dict[str, Any]:
    """Emotions and polarity by corpus and over all, of the clips' last windows and of all windows."""
    data, logits = held_out.data, held_out.logits["session"]
    groups = {corpus: data.corpus == corpus for corpus in np.unique(data.corpus)}
    rows = {"all": np.ones(len(data), np.bool_)} | groups
    return {
        name: {
            "clips": metrics.report(
                logits[group & data.last], data.label[group & data.last], data.names, temperature
            ).as_dict(),
            "first": held_out.uar("first", group & data.last),
            "session": held_out.uar("session", group & data.last),
            "windows": held_out.uar("session", group),
            "polarity": metrics.mean_recall(
                metrics.confusion_matrix(
                    _polarity_of(data.label[group & data.last]),
                    polarity(softmax(logits[group & data.last] / temperature, axis=1)).argmax(axis=1),
                    len(POLARITIES),
                )
            ),
        }
        for name, group in rows.items()
    }


def _label_in(corpus: str) -> Callable[[Clip], str | None]:
    return lambda clip: clip.label if clip.corpus == corpus else None


def _polarity_of(label: NDArray[np.int64]) -> NDArray[np.int64]:
    of_emotion = np.array([POLARITIES.index(POLARITY_OF[emotion]) for emotion in EMOTIONS])
    polarities: NDArray[np.int64] = of_emotion[label]
    return polarities
