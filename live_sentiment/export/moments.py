"""What the timeline says at each moment of a video, with no more of it in memory than is shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from live_sentiment.core.types import EMOTIONS
from live_sentiment.sinks.captions import LINE_CHARACTERS, PAUSE_S
from live_sentiment.sinks.lines import Fields

HISTORY_S = 20.0
"""How far back the rolling plot looks."""
HELD_S = 1.0
"""A box that has not moved at all for so long is that of a face that has gone; seen ones never rest."""
LINGER_S = 1.5
"""A caption stays so long after its last word, unless the next one begins."""
_SENTENCE_END = (".", "!", "?", "…")

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in pixels of the picture."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face at a moment."""

    box: Box
    emotion: str
    probability: float
    speaking: bool
    """Whether the result is about this person."""
    held: bool = False
    """Whether this is only where it was seen last: points state a face as long as it is in their window."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is shown at one session time."""

    time_s: float
    point: Fields | None
    """The last point at or before it; None before the first."""
    history: Sequence[Fields]
    """The points of the last HISTORY_S, in time order, up to `point`."""
    faces: tuple[Face, ...]
    caption: tuple[Fields, ...]
    """The words of the caption that were begun by now."""


class Moments:
    """Walks through a timeline with a video: ask for rising times only.

    Args:
        points: in time order; read as far as needed.
        words: all of them, in time order.
    """

    def __init__(self, points: Iterable[Fields], words: Sequence[Fields]) -> None:
        self._points = iter(points)
        self._next = next(self._points, None)
        self._history: deque[Fields] = deque()
        self._captions = captions(words)
        self._caption = 0

    def at(self, time_s: float) -> Moment:
        """What is shown at this time."""
        while self._next is not None and self._next["time"] <= time_s:
            self._history.append(self._next)
            self._next = next(self._points, None)
        while self._history and self._history[0]["time"] < time_s - HISTORY_S - 1.0:
            self._history.popleft()
        point = self._history[-1] if self._history else None
        faces = () if point is None else tuple(_faces(self._history, self._next, time_s))
        return Moment(time_s, point, self._history, faces, self._said(time_s))

    def _said(self, time_s: float) -> tuple[Fields, ...]:
        captions = self._captions
        while self._caption + 1 < len(captions) and captions[self._caption + 1][0]["start"] <= time_s:
            self._caption += 1
        if self._caption >= len(captions) or time_s > captions[self._caption][-1]["end"] + LINGER_S:
            return ()
        return tuple(word for word in captions[self._caption] if word["start"] <= time_s)


def captions(words: Iterable[Fields]) -> list[tuple[Fields, ...]]:
    """Words in lines of up to LINE_CHARACTERS, which end with a sentence or at a pause."""
    lines: list[list[Fields]] = []
    for word in words:
        line = lines[-1] if lines else []
        length = sum(len(earlier["text"]) + 1 for earlier in line) + len(word["text"])
        ended = not line or line[-1]["text"].rstrip('"').endswith(_SENTENCE_END)
        if ended or length > LINE_CHARACTERS or word["start"] - line[-1]["end"] >= PAUSE_S:
            lines.append([])
        lines[-1].append(word)
    return [tuple(line) for line in lines]


def _faces(history: Sequence[Fields], after: Fields | None, time_s: float) -> Iterable[Face]:
    """Faces of the last point; a box moves evenly to where the next point has it."""
    point = history[-1]
    later = {person["person"]: person["box"] for person in after["people"]} if after else {}
    part = 0.0 if after is None else (time_s - point["time"]) / (after["time"] - point["time"])
    for person in point["people"]:
        here = person["box"]
        there = later.get(person["person"], here)
        left, top, width, height = (a + (b - a) * part for a, b in zip(here, there, strict=True))
        if person["speaking"]:
            emotion, probability = point["emotion"], point["confidence"]["emotion"]
        else:
            emotion = max(EMOTIONS, key=lambda name: person["emotions"][name])
            probability = person["emotions"][emotion]
        yield Face(
            (left, top, width, height), emotion, probability, person["speaking"], _held(history, person)
        )


def _held(history: Sequence[Fields], person: Fields) -> bool:
    now_s = history[-1]["time"]
    for point in reversed(history):
        if all(
            other["person"] != person["person"] or other["box"] != person["box"] for other in point["people"]
        ):
            return False
        if now_s - point["time"] >= HELD_S:
            return True
    return False
