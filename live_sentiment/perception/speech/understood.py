"""Whether what is said is understood: another language than the model's becomes few and unlikely words.

A recogniser writes its own language whatever it hears, and what it writes of another one has a sentiment that
nobody meant. Mean word probability was .34 to .67 for German, Polish and Chinese clips (most of whose passes
were no words at all), .81 to .98 for English sentences, and .62 to .83 for English without sense ("lay blue
at x four now").
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from live_sentiment.core.types import Word

RECENT_WORDS = 12
"""The last so many words are judged together."""
ENOUGH_WORDS = 5
"""Fewer say nothing about the language."""
DOUBTFUL, CLEAR = 0.6, 0.7
"""Mean probability below which what is said is not understood, and from which it is again."""
WORDLESS_S = 6.0
"""So much speech without a word is not understood either."""


class Understanding:
    """Follows one stream; what it says depends on the order of words and speech alone."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=RECENT_WORDS)
        self._wordless_s = 0.0
        self.understood = True

    def speech(self, duration_s: float) -> bool:
        """Take speech, of which words may come later. Returns whether `understood` has changed."""
        self._wordless_s += duration_s
        return self._set(self.understood and self._wordless_s < WORDLESS_S)

    def words(self, words: Iterable[Word]) -> bool:
        """Take committed words. Returns whether `understood` has changed."""
        for word in words:
            self._wordless_s = 0.0
            self._recent.append(word.probability)
        if len(self._recent) < ENOUGH_WORDS:
            return False
        mean = sum(self._recent) / len(self._recent)
        return self._set(mean >= (DOUBTFUL if self.understood else CLEAR))

    def _set(self, understood: bool) -> bool:
        changed, self.understood = understood != self.understood, understood
        return changed
