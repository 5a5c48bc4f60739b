"""LocalAgreement-2: a word is committed once two consecutive passes agree on it (Macháček et al. 2023).

Each pass hears a growing buffer from its start again. What two consecutive hypotheses have in common from the
beginning on, behind the words committed already, will hardly change any more: it is committed, for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from live_sentiment.core.types import Word

LONGEST_OVERLAP = 5
"""Words of a repetition that are looked for behind a cut."""

NEAR_S = 1.0
"""A repetition starts this close to the last committed word, or it was really said twice."""

CUT_SHARE = 0.7
"""Words that the cut has left a part of take less of their time than this."""

WANDER_S = 0.1
"""How far the times of one word wander from pass to pass."""

SHORTEST_S = 0.02
"""Length of a word to which the alignment gives none: its own resolution."""


class LocalAgreement:
    """Tells settled words from those that the next pass may still change.

    The committed words of all passes together are in time order: each starts where the one before it ends, or
    later, and ends later than it starts.
    """

    def __init__(self) -> None:
        self._tail: tuple[Word, ...] = ()
        """The last committed words that the next pass may hear again."""
        self._end_s = 0.0
        """End of the last committed word."""
        self._partial: tuple[Word, ...] = ()
        self._heard_s = 0.0

    @property
    def partial(self) -> tuple[Word, ...]:
        """The last hypothesis behind the committed words."""
        return self._partial

    def insert(self, hypothesis: Sequence[Word], heard_s: float) -> tuple[Word, ...]:
        """Take the words of a new pass over the sound up to `heard_s`; return those committed by it.

        A word at the end of what the pass before could hear was perhaps cut in two ("deep" of "Deepwater"),
        so that only words it heard to their end can be agreed on.
        """
        fresh = self._behind_committed(hypothesis)
        agreed = _in_common(self._partial, fresh)
        while agreed and fresh[agreed - 1].end_s > self._heard_s - WANDER_S:
            agreed -= 1
        self._heard_s = heard_s
        return self._commit(fresh, agreed)

    def settle(self, before_s: float | None = None) -> tuple[Word, ...]:
        """Commit the partial words without waiting for another pass, or those that end by `before_s`."""
        count = len(self._partial)
        if before_s is not None:
            count = next((i for i, word in enumerate(self._partial) if word.end_s > before_s), count)
        return self._commit(self._partial, count)

    def end(self) -> tuple[Word, ...]:
        """Commit all partial words at the end of an utterance: no later pass hears any of it again."""
        committed = self.settle()
        self._tail = ()
        return committed

    def _commit(self, words: tuple[Word, ...], count: int) -> tuple[Word, ...]:
        self._tail = (self._tail + words[:count])[-LONGEST_OVERLAP:]
        self._partial = words[count:]
        if count:
            self._end_s = words[count - 1].end_s
        return words[:count]

    def _behind_committed(self, hypothesis: Sequence[Word]) -> tuple[Word, ...]:
        before = [word for word in hypothesis if word.start_s <= self._end_s - WANDER_S]
        fresh = [word for word in hypothesis if word.start_s > self._end_s - WANDER_S]
        if self._wandered(before):
            fresh.insert(0, before.pop())
        return in_order(fresh[self._heard_again(before, fresh) :], self._end_s)

    def _wandered(self, before: Sequence[Word]) -> bool:
        """Whether the last of the words that this pass places before the end of the committed ones is new.

        It is, if it stands behind the last committed word as in the pass before.
        """
        if len(before) < 2 or not self._tail or not self._partial:
            return False
        committed, new = spelling(before[-2]), spelling(before[-1])
        expected = spelling(self._tail[-1]), spelling(self._partial[0])
        return (committed, new) == expected and before[-1].end_s > self._end_s + WANDER_S

    def _heard_again(self, before: Sequence[Word], fresh: Sequence[Word]) -> int:
        """How many words at the start of `fresh` are committed ones, placed too late behind a cut.

        Words that were said twice look the same. They were, if this pass has heard the committed ones in
        their place as well, if the pass before heard them behind the committed ones, or if they take as long
        again.
        """
        overlap = _overlap(self._tail, fresh)
        if not overlap or fresh[0].start_s >= self._end_s + NEAR_S:
            return 0
        if before and spelling(before[-1]) == spelling(self._tail[-1]):
            return 0
        # The last word was perhaps cut in two.
        expected = self._partial[:-1] or self._partial
        twice, once = (_in_common(expected, words) for words in (fresh, fresh[overlap:]))
        if twice or once:
            return 0 if twice >= once else overlap
        took_s = fresh[overlap - 1].end_s - fresh[0].start_s
        said_twice = overlap > 1 and took_s > CUT_SHARE * (self._end_s - self._tail[-overlap].start_s)
        return 0 if said_twice else overlap


def in_order(words: Sequence[Word], floor_s: float) -> tuple[Word, ...]:
    """The words, moved so that none starts before `floor_s` or before the end of the one in front of it."""
    ordered: list[Word] = []
    for word in words:
        start_s = max(word.start_s, floor_s)
        floor_s = max(word.end_s, round(start_s + SHORTEST_S, 3))
        ordered.append(replace(word, start_s=start_s, end_s=floor_s))
    return tuple(ordered)


def spelling(word: Word) -> str:
    """The word as it is compared: capitals and punctuation come and go from pass to pass."""
    return "".join(letter for letter in word.text.casefold() if letter.isalnum()) or word.text


def _in_common(before: Sequence[Word], now: Sequence[Word]) -> int:
    """How many words both begin with."""
    pairs = enumerate(zip(before, now, strict=False))
    differs = (index for index, (one, other) in pairs if spelling(one) != spelling(other))
    return next(differs, min(len(before), len(now)))


def _overlap(said: Sequence[Word], heard: Sequence[Word]) -> int:
    """How many words at the start of `heard` repeat the end of `said`."""
    before, now = [spelling(word) for word in said], [spelling(word) for word in heard]
    lengths = range(min(len(before), len(now)), 0, -1)
    return next((length for length in lengths if before[-length:] == now[:length]), 0)
