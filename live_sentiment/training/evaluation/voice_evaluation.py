"""How well voices of unknown speakers are read: within a corpus, across corpora, and where it is noisy.

Speakers never cross a split, and nothing about a head is chosen on those it is judged by. Its probabilities
are calibrated on actors that it did not hear, with the temperature that judges some of them coming from the
others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from live_sentiment.core.types import EMOTIONS, POLARITIES, BoolArray
from live_sentiment.models.voice_emotion import POLARITY_OF, polarity
from live_sentiment.training.augment.acoustic_conditions import STUDIO, AcousticCondition, copy, studio
from live_sentiment.training.data.voice_corpora import Clip
from live_sentiment.training.data.voice_sessions import Labelled, Mode, folds, join, labelled
from live_sentiment.training.data.voice_windows import Windows
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.tasks.voice_head import Schedule, train, uar

FOLDS = 5
MODES: tuple[Mode, ...] = ("first", "session", "offline")
LIVE: tuple[Mode, ...] = ("first", "session")
"""What a live session can be; their windows calibrate in equal parts."""
CALIBRATION_WINDOWS = 20_000
"""Drawn with replacement, classes and corpora balanced, wherever probabilities are judged."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The windows of the corpora's clips, by the place they are heard in."""

    studio: Windows
    copies: Mapping[str, Windows] = field(default_factory=dict)
    """To train on, beside the studio."""
    elsewhere: Mapping[str, Windows] = field(default_factory=dict)
    """To be judged in, never trained on."""

    @classmethod
    def of(
        cls,
        clips: Sequence[Clip],
        hear: Callable[[AcousticCondition], Windows],
        copies: int,
        elsewhere: Sequence[AcousticCondition] = (),
    ) -> Heard:
        """The clips as `hear` finds their windows: as they are, in so many copies, and elsewhere."""
        return cls(
            hear(studio(clips)),
            {hearing.name: hear(hearing) for hearing in (copy(clips, n) for n in range(copies))},
            {hearing.name: hear(hearing) for hearing in elsewhere},
        )


@dataclass(frozen=True, slots=True)
class Material:
    """The same, of the clips that mean one of some classes."""

    studio: Labelled
    copies: tuple[Labelled, ...] = ()
    elsewhere: Mapping[str, Labelled] = field(default_factory=dict)

    def without(self, held: BoolArray) -> Labelled:
        """What may be trained on if these windows of the studio are held out, and so are their speakers."""
        hidden = np.unique(self.studio.speaker[held])
        parts = (self.studio, *self.copies)
        return join([part.where(~np.isin(part.speaker, hidden)) for part in parts])

    def everything(self) -> Labelled:
        """All that may be trained on."""
        return join((self.studio, *self.copies))


def material(
    clips: Sequence[Clip], heard: Heard, names: Sequence[str], meaning: Callable[[Clip], str | None]
) -> Material:
    """Windows with labels; see `labelled`."""

    def part(place: str, windows: Windows) -> Labelled:
        return labelled(clips, windows, names, meaning, place)

    return Material(
        part(STUDIO, heard.studio),
        tuple(part(place, windows) for place, windows in heard.copies.items()),
        {place: part(place, windows) for place, windows in heard.elsewhere.items()},
    )


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
    known: Material, parts: Sequence[BoolArray], seed: int, schedule: Schedule, step: Callable[[], None]
) -> dict[str, HeldOut]:
    """Train a head without each part, masks of shape (N,) over the studio, and let it read that part.

    Returns:
        What it says of the studio, and of the same speakers elsewhere.
    """
    places = {STUDIO: known.studio, **known.elsewhere}
    held_out = {
        place: HeldOut(
            data,
            {mode: np.zeros((len(data), len(data.names))) for mode in MODES},
            np.zeros(len(data), np.int64),
        )
        for place, data in places.items()
    }
    for number, held in enumerate(parts):
        head = train(known.without(held), seed, schedule)
        strangers = np.unique(known.studio.speaker[held])
        for found in held_out.values():
            theirs = np.isin(found.data.speaker, strangers)
            for mode in MODES:
                found.logits[mode][theirs] = head.logits(found.data.where(theirs), mode, seed)
            found.fold[theirs] = number
        step()
    return held_out


def corpora_alone(clips: Sequence[Clip], heard: Heard) -> Iterator[tuple[str, Material]]:
    """Every corpus with the labels that it has itself, those without a counterpart in EMOTIONS included."""
    for corpus in sorted({clip.corpus for clip in clips}):
        names = sorted({clip.label for clip in clips if clip.corpus == corpus})
        yield corpus, material(clips, heard, names, _label_in(corpus))


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
    """Fit the temperature on what the heads never heard, the classes and corpora balanced.

    Half of the windows are their speaker's first, half in sessions.
    """
    data = held_out.data
    random = np.random.default_rng(seed)
    drawn = random.choice(len(data), CALIBRATION_WINDOWS, p=data.weights())
    parts = np.array_split(drawn, len(LIVE))
    logits = np.concatenate([held_out.logits[mode][part] for mode, part in zip(LIVE, parts, strict=True)])
    label, speech_s, fold = data.label[drawn], data.speech_s[drawn], held_out.fold[drawn]
    probabilities = np.zeros_like(logits)
    for number in np.unique(fold):
        here = fold == number
        temperature = metrics.fit_temperature(logits[~here], label[~here])
        probabilities[here] = softmax(logits[here] / temperature, axis=1)
    groups = {
        "under 1 s": speech_s < 1,
        "1 to 2 s": (speech_s >= 1) & (speech_s < 2),
        "2 s and more": speech_s >= 2,
    }
    return Calibration(
        temperature=metrics.fit_temperature(logits, label),
        error=metrics.expected_calibration_error(probabilities, label),
        polarity_error=metrics.expected_calibration_error(polarity(probabilities), _polarity_of(label)),
        by_speech={
            name: metrics.expected_calibration_error(probabilities[group], label[group])
            for name, group in groups.items()
            if group.any()
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
            "first_calibration_error": metrics.expected_calibration_error(
                softmax(held_out.logits["first"][group & data.last] / temperature, axis=1),
                data.label[group & data.last],
            ),
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
