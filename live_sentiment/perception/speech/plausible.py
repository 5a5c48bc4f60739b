"""Which of the recogniser's words were really said.

Whisper writes something for every sound: phrases from video subtitles over silence and music, one phrase
over and over when it has lost the thread. A pass is believed only if it is sure enough of itself, a word only
if it lies in speech, and a repetition only if there was time to say it: people repeat themselves, too.

A decoder in a loop is sure of what it repeats, so that a repetition says nothing for the words that it
repeats: a pass that repeats itself is judged by the words that it says for the first time. And a decoder in a
loop runs ahead of the sound: the alignment has no time left for what was not said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from live_sentiment.core.types import Word
from live_sentiment.models.transcriber import Hypothesis
from live_sentiment.perception.speech.stabilise import spelling

NO_SPEECH = 0.6
LOW_LOG_PROBABILITY = -0.4
"""A pass is silence if it says so itself and its words are no more likely than this ..."""

LOWEST_LOG_PROBABILITY = -1.0
"""... and a guess, whatever it says, if they are less likely than this (Radford et al. 2022, section 4.5)."""

HIGHEST_COMPRESSION = 2.4
"""Text that compresses better repeats itself (ibid.) ..."""

LOOP_LOG_PROBABILITY = -1.6
"""... and is a loop if the words said for the first time are less likely than this, where words without a
time count against them. Measured on 104 passes over sentences, chants and counting that were said again and
again, and on 24 over babble, sound played backwards and languages that the model does not know: five of the
former are below, and all of the latter, at -1.8 or less."""

UNTIMED_COST = 2.0
"""What a pass loses of its log-probability if none of its words has a time; a part for a part of them."""

SHORTEST_WORD_S = 0.03
"""A word to which the alignment gives less has no time: its resolution is 0.02 s."""

LETTERS_PER_S = 40
"""No one says more: the quickest speakers reach about 30."""


def is_plausible(hypothesis: Hypothesis) -> bool:
    """Whether a pass deserves belief as a whole."""
    silence = (
        hypothesis.no_speech_probability > NO_SPEECH and hypothesis.mean_log_probability < LOW_LOG_PROBABILITY
    )
    guess = hypothesis.mean_log_probability < LOWEST_LOG_PROBABILITY
    loop = hypothesis.compression_ratio > HIGHEST_COMPRESSION and _is_loop(hypothesis.words)
    return not (silence or guess or loop)


def said(hypothesis: Hypothesis) -> tuple[Word, ...]:
    """The words of a pass that deserve belief: none of an implausible one, no repetition without time.

    A single word twice is believed unless the pass repeats itself altogether: the alignment often gives all
    the time of "very, very" to one of them.
    """
    if not is_plausible(hypothesis):
        return ()
    shortest = 1 if hypothesis.compression_ratio > HIGHEST_COMPRESSION else 2
    return _without(hypothesis.words, _unspoken(hypothesis.words, shortest))


def _is_loop(words: Sequence[Word]) -> bool:
    repeated = {index for unit in _repetitions(words) for index in unit}
    first = _without(words, repeated)
    spoken = _without(words, _unspoken(words))
    if not first:
        return True
    log_probability = sum(math.log(max(word.probability, 1e-4)) for word in first) / len(first)
    untimed = sum(word.end_s - word.start_s < SHORTEST_WORD_S for word in spoken) / len(spoken)
    return log_probability - UNTIMED_COST * untimed < LOOP_LOG_PROBABILITY


def _unspoken(words: Sequence[Word], shortest: int = 1) -> set[int]:
    """Repetitions, of `shortest` words or more, that take less time than anybody needs for them."""
    return {
        index
        for unit in _repetitions(words)
        for index in unit
        if len(unit) >= shortest
        and words[unit[-1]].end_s - words[unit[0]].start_s
        < sum(len(spelling(words[index])) for index in unit) / LETTERS_PER_S
    }


def _repetitions(words: Sequence[Word]) -> Iterator[range]:
    """Every group of words that says again what the group of the same length in front of it says.

    Where groups of several lengths repeat each other, the length counts that explains most words.
    """
    texts = [spelling(word) for word in words]
    first = 0
    while first < len(texts):
        lengths = range(1, (len(texts) - first) // 2 + 1)
        runs = [(count, length) for length in lengths if (count := _run(texts, first, length)) > 1]
        count, length = max(runs, key=lambda run: (run[0] * run[1], run[0]), default=(1, 1))
        for number in range(1, count):
            yield range(first + number * length, first + (number + 1) * length)
        first += count * length


def _run(texts: Sequence[str], first: int, length: int) -> int:
    """How many times the words [first, first + length) stand there, one group behind the other."""
    unit, count = texts[first : first + length], 1
    while texts[first + count * length : first + (count + 1) * length] == unit:
        count += 1
    return count


def _without(words: Sequence[Word], indices: set[int]) -> tuple[Word, ...]:
    return tuple(word for index, word in enumerate(words) if index not in indices)
