"""Where an utterance ends in a stream of words, and what of it the encoder is given."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable

from live_sentiment.core.types import Word

PAUSE_S = 1.0
"""A longer silence between two words ends the utterance."""

_END = re.compile(r"(?<!\.\.)[.!?。！？][\"'”’)\]]*$")
"""Sentence punctuation; the dots of a voice trailing off are none, since it often goes on."""
_TITLES = {"mr.", "mrs.", "ms.", "dr.", "prof.", "st."}


class UtteranceReader:
    """Holds the utterance being spoken, word by word, within a limit.

    Args:
        context_utterances: how many ended utterances are read before the current one.
        fits: whether an utterance is short enough for the encoder. What is too long loses its beginning. So
            a talk without a pause is read in a window that slides with it, and what is held stays bounded.
    """

    def __init__(self, context_utterances: int, fits: Callable[[str], bool]) -> None:
        self._fits = fits
        self._context: deque[str] = deque(maxlen=context_utterances)
        self._words: deque[Word] = deque()

    def add(self, word: Word) -> None:
        """Take the next word."""
        if self._words and begins_utterance(word, self._words[-1]):
            self._context.append(self.utterance)
            self._words.clear()
        self._words.append(word)
        while len(self._words) > 1 and not self._fits(self.utterance):
            self._words.popleft()

    @property
    def utterance(self) -> str:
        """The current utterance up to and including the last word."""
        return " ".join(word.text for word in self._words)

    @property
    def context(self) -> str:
        """The utterances before it; of a longer one the encoder reads the end."""
        return " ".join(self._context)

    @property
    def probability(self) -> float:
        """Mean probability of the utterance's words."""
        return sum(word.probability for word in self._words) / len(self._words)


def begins_utterance(word: Word, before: Word) -> bool:
    """Whether a word is the first of an utterance, by the one before it."""
    return _ends(before) or word.start_s - before.end_s > PAUSE_S


def _ends(word: Word) -> bool:
    return bool(_END.search(word.text)) and word.text.lower() not in _TITLES
