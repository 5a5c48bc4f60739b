"""Models' readers around a session that is explained: readings that can be repeated, and repeated cheaply."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from live_sentiment.core.types import BoolArray, Expert, FloatArray, Observation
from live_sentiment.models.text_reader import TextReader, TextReading
from live_sentiment.models.voice_reader import Normalise, VoiceReader, VoiceReading
from live_sentiment.perception.voice.windows import SpokenWindow

REMEMBERED = 4096
"""Readings of texts: those of all words masked in turn of one utterance, and more."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a reader was given, and the embedding that it made of it."""

    embedding: FloatArray
    samples: FloatArray
    speech: BoolArray
    normalise: Normalise
    """As the session's was at this moment; learns nothing."""


class HeardVoice:
    """The sound behind a window's voice observations, and its reader as it stood at each of them."""

    def __init__(self, reader: VoiceReader, observed: Mapping[float, tuple[Observation, _Reading]]) -> None:
        self._reader, self._observed = reader, observed

    @property
    def windows(self) -> list[SpokenWindow]:
        """In time order."""
        return [
            SpokenWindow(time_s, reading.samples, reading.speech, observation.details["speech_s"], 0.0)
            for time_s, (observation, reading) in self._observed.items()
        ]

    def __call__(self, window: SpokenWindow) -> VoiceReading:
        """Read one of the windows, or what was made of it."""
        _, reading = self._observed[window.time_s]
        return self._reader(window.samples, window.speech, reading.normalise)


class KeptVoice:
    """A session's voice reader that keeps what it read last.

    Sound is let go when a window is asked for that begins behind it, so that it does not pile up.
    """

    def __init__(self, reader: VoiceReader) -> None:
        self._reader = reader
        self._kept: deque[_Reading] = deque()

    @property
    def expert(self) -> Expert:
        """See `VoiceReader`."""
        return self._reader.expert

    @property
    def usual(self) -> tuple[FloatArray, FloatArray] | None:
        """See `VoiceReader`."""
        return self._reader.usual

    def __call__(self, samples: FloatArray, speech: BoolArray, normalise: Normalise) -> VoiceReading:
        """See `VoiceReader`; called from the voice thread."""
        asked: list[tuple[FloatArray, FloatArray]] = []

        def watched(embedding: FloatArray) -> FloatArray:
            asked.append((embedding, normalise(embedding)))
            return asked[-1][1]

        reading = self._reader(samples, speech, watched)
        self._kept.append(_Reading(reading[0], samples, speech, self._frozen(asked)))
        return reading

    def heard(self, observations: Sequence[Observation]) -> HeardVoice:
        """What is behind a final window's observations, in time order; called from the analysis thread."""
        by_embedding = {id(reading.embedding): reading for reading in list(self._kept)}
        found = {
            one.time_s: (one, by_embedding[id(one.embedding)])
            for one in observations
            if id(one.embedding) in by_embedding
        }
        oldest = next(iter(found.values()), None)
        while oldest is not None and self._kept[0] is not oldest[1]:
            self._kept.popleft()
        return HeardVoice(self._reader, found)

    def _frozen(self, asked: Sequence[tuple[FloatArray, FloatArray]]) -> Normalise:
        """The normalisation, (embedding − mean) / deviation, with the mean that it had when it was asked."""
        if self.usual is None or not asked:
            return lambda embedding: embedding
        (then, normalised), (_, deviation) = asked[0], self.usual
        return lambda embedding: ((embedding - then) / deviation + normalised).astype(normalised.dtype)


class RememberingText:
    """A text reader that reads each text once: masking a word leaves all that was said before as it is."""

    def __init__(self, reader: TextReader) -> None:
        self._reader = reader
        self._read = lru_cache(REMEMBERED)(reader.__call__)

    @property
    def expert(self) -> Expert:
        """See `TextReader`."""
        return self._reader.expert

    @property
    def context_utterances(self) -> int:
        """See `TextReader`."""
        return self._reader.context_utterances

    def fits(self, text: str) -> bool:
        """See `TextReader`."""
        return self._reader.fits(text)

    def __call__(self, text: str, context: str = "") -> TextReading:
        """See `TextReader`."""
        return self._read(text, context)
