"""What is no number is stopped here, before filters, fusion and files: it would spoil all that follows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from live_sentiment.core.types import Affect, Event, Modality, Observation, Presence, Window, Word

REASON = "no number"
"""Why a modality is absent in a window whose result was none."""


class FiniteOnly:
    """Lets pass what is finite; the first time that a modality or fusion gives anything else is an event."""

    def __init__(self) -> None:
        self._dropped = Counter[str]()
        self._events: list[Event] = []

    def observations(self, items: Iterable[Observation]) -> Iterator[Observation]:
        """Those that hold numbers only."""
        for item in items:
            if _is_finite(item):
                yield item
            else:
                self._drop(item.modality, item.time_s)

    def words(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """Those whose times are numbers; a probability that is none counts as 0."""
        kept = []
        for word in words:
            if math.isfinite(word.start_s) and math.isfinite(word.end_s):
                kept.append(word if math.isfinite(word.probability) else replace(word, probability=0.0))
            if not math.isfinite(word.start_s + word.end_s + word.probability):
                self._drop("text", word.end_s)
        return tuple(kept)

    def fused(self, window: Window, affect: Affect | None) -> tuple[Window, Affect | None]:
        """A window and its result; where that is no number, everything is absent instead."""
        if affect is None or _is_number(affect):
            return window, affect
        self._drop("fusion", window.end_s)
        presence: dict[Modality, Presence] = {
            modality: Presence(False, REASON) if was.present else was
            for modality, was in window.presence.items()
        }
        return replace(window, presence=presence), None

    def events(self) -> list[Event]:
        """What has to be told since the last call."""
        told, self._events = self._events, []
        return told

    def sums(self) -> list[Event]:
        """How often it was, where it was more than once; for the end."""
        return [
            Event(0.0, "no-number", f"{count} results of {who} in all were no numbers and were left out")
            for who, count in sorted(self._dropped.items())
            if count > 1
        ]

    def _drop(self, who: str, time_s: float) -> None:
        self._dropped[who] += 1
        if self._dropped[who] == 1:
            at_s = time_s if math.isfinite(time_s) else 0.0
            message = f"a result of {who} at {at_s:.2f} s is no number and was left out"
            self._events.append(Event(at_s, "no-number", message))


def _is_finite(item: Observation) -> bool:
    numbers = (item.time_s, item.quality, *item.details.get("box", ()), item.details.get("mouth_motion", 0.0))
    arrays = (item.embedding, item.emotions, item.polarity)
    return all(map(math.isfinite, numbers)) and all(bool(np.isfinite(array).all()) for array in arrays)


def _is_number(affect: Affect) -> bool:
    numbers = (
        *(affect.valence, affect.arousal, affect.valence_sd, affect.arousal_sd),
        *affect.shares.values(),
        *affect.effects.values(),
    )
    arrays = (affect.emotions, affect.polarity)
    return all(map(math.isfinite, numbers)) and all(bool(np.isfinite(array).all()) for array in arrays)
