"""What each word does to the fused result, by occlusion (Zeiler & Fergus 2014, of words instead of pixels).

One word after the other is masked out, everything is read and fused again, and the word's effect is what the
leading emotion's probability loses by it:

    effect(w)  =  p(e | all that was said, heard and seen)  −  p(e | the same without w),   e = argmax p

Its effect on polarity is the same difference of p(positive) − p(negative).

A word that the reader cannot make use of has an effect of exactly zero. Effects do not add up to anything:
of two words that say the same, neither is missed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from live_sentiment.core.types import (
    EMOTIONS,
    POLARITIES,
    Affect,
    Modality,
    Observation,
    StageOutput,
    Window,
    Word,
)

LOOKBACK_S = 10.0
"""Words from so long before the window on are read, since an utterance may have begun there."""

Fuse: TypeAlias = Callable[[Window], Affect | None]
"""Fusion of a window for the person it is about: `lambda window: fusion(window, person)`."""

_NEGATIVE, _POSITIVE = POLARITIES.index("negative"), POLARITIES.index("positive")
_CLOSING = re.compile(r"[.!?。！？]+[\"'”’)\]]*$")


class TextStage(Protocol):
    """Reads words as they are committed: a `TextAnalyzer`."""

    def reset(self) -> None:
        """Forget the words so far."""

    def __call__(self, words: Sequence[Word]) -> StageOutput:
        """Read further words, in time order."""


@dataclass(frozen=True, slots=True)
class WordEffect:
    """A word, and what it does."""

    word: Word
    effect: float
    """What it adds to the probability of the leading emotion, in [-1, 1]."""
    polarity: float
    """What it adds to p(positive) − p(negative), in [-2, 2]."""


@dataclass(frozen=True, slots=True)
class WordEffects:
    """The words that a window rests on, or some of them."""

    emotion: str
    """The leading one: one of EMOTIONS."""
    probability: float
    """Its probability with all words."""
    polarity: float
    """p(positive) − p(negative) with all words, in [-1, 1]."""
    words: tuple[WordEffect, ...]
    """In time order."""


def word_effects(
    window: Window,
    words: Sequence[Word],
    read: TextStage,
    fuse: Fuse,
    lookback_s: float = LOOKBACK_S,
    *,
    first_s: float = -math.inf,
) -> WordEffects | None:
    """Mask out each word in turn; None where nothing is to be fused.

    Args:
        window: with all that was said, heard and seen; its text is read anew, the rest stays.
        words: committed ones, in time order; those after the window are passed over.
        read: a text stage of its own, as its memory is used.
        fuse: see Fuse.
        lookback_s: see LOOKBACK_S.
        first_s: words that end before this session time are read and not asked about.
    """
    said = [word for word in words if window.start_s - lookback_s < word.end_s <= window.end_s]
    whole = fuse(_reread(window, said, read))
    if whole is None:
        return None
    leading = int(whole.emotions.argmax())
    probability, polarity = float(whole.emotions[leading]), polarity_of(whole)
    effects = []
    for index, word in enumerate(said):
        if word.end_s < first_s:
            continue
        without = [*said[:index], masked(word), *said[index + 1 :]]
        rest = fuse(_reread(window, without, read))
        # Where nothing is left to go by, nothing is said of the emotion at all.
        left = (float(rest.emotions[leading]), polarity_of(rest)) if rest is not None else (0.0, 0.0)
        effects.append(WordEffect(word, probability - left[0], polarity - left[1]))
    return WordEffects(EMOTIONS[leading], probability, polarity, tuple(effects))


def polarity_of(affect: Affect) -> float:
    """p(positive) − p(negative), in [-1, 1]."""
    return float(affect.polarity[_POSITIVE]) - float(affect.polarity[_NEGATIVE])


def masked(word: Word) -> Word:
    """The word without its letters; its time and the mark that ends a sentence stay, so that no other word
    comes into another utterance."""
    closing = _CLOSING.search(word.text)
    return replace(word, text=closing[0] if closing else "")


def with_observations(window: Window, observations: Mapping[Modality, tuple[Observation, ...]]) -> Window:
    """The window with other observations of the modalities named; a modality without any is absent."""
    merged = {**window.observations, **observations}
    return replace(window, observations={name: found for name, found in merged.items() if found})


def _reread(window: Window, words: Sequence[Word], read: TextStage) -> Window:
    """The window with what the text stage says of these words."""
    read.reset()
    found: list[Observation] = []
    for word in words:
        output = read([word])
        found += [
            one
            for one in output.observations
            if window.start_s < one.time_s <= window.end_s and any(map(str.isalnum, one.details["utterance"]))
        ]
    return with_observations(window, {"text": tuple(found)})
