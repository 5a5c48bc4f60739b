"""Made-up results for tests of the timeline, the sinks and the terminal."""

from __future__ import annotations

import numpy as np

from live_sentiment.core.types import (
    EMOTIONS,
    MODALITIES,
    Affect,
    Modality,
    Person,
    Presence,
    TimelinePoint,
    Window,
    Word,
)

HOP_S = 0.25
PRESENT = {modality: Presence(True) for modality in MODALITIES}
ABSENT = {
    "text": Presence(False, "no words"),
    "voice": Presence(False, "no speech"),
    "vision": Presence(False, "no face"),
}


def word(text: str, end_s: float, *, start_s: float | None = None, probability: float = 0.9) -> Word:
    return Word(text, end_s - 0.2 if start_s is None else start_s, end_s, probability)


def emotions(leading: str, probability: float = 0.7) -> np.ndarray:
    """One emotion with this probability, the others alike."""
    result = np.full(7, (1 - probability) / 6, np.float32)
    result[EMOTIONS.index(leading)] = probability
    return result


def affect(
    emotion: str = "joy", *, probability: float = 0.7, valence: float = 0.0, sd: float = 0.35
) -> Affect:
    polarity = np.array([0.2, 0.2, 0.6] if valence >= 0 else [0.6, 0.2, 0.2], np.float32)
    return Affect(
        polarity=polarity,
        emotions=emotions(emotion, probability),
        valence=valence,
        arousal=-valence / 2,
        valence_sd=sd,
        arousal_sd=sd,
        shares={"text": 0.25, "voice": 0.25, "vision": 0.5},
        effects={"text": -0.1, "voice": 0.1, "vision": 0.2},
    )


def person(number: int = 1, *, speaking: bool = True) -> Person:
    return Person(number, speaking, (10.04, 20.0, 100.0, 120.0), emotions("joy"))


def window(
    index: int,
    *,
    words: tuple[Word, ...] = (),
    presence: dict[Modality, Presence] | None = None,
    final: bool = True,
    hop_s: float = HOP_S,
) -> Window:
    end_s = index * hop_s
    return Window(index, end_s - 4.0, end_s, {}, words, 0.5, PRESENT if presence is None else presence, final)


def point(
    time_s: float,
    emotion: str = "joy",
    *,
    valence: float = 0.0,
    words: tuple[Word, ...] = (),
    presence: dict[Modality, Presence] | None = None,
    people: tuple[Person, ...] = (),
    final: bool = True,
) -> TimelinePoint:
    return TimelinePoint(
        time_s,
        affect(emotion, valence=valence),
        emotion,
        PRESENT if presence is None else presence,
        words,
        people,
        final,
    )
