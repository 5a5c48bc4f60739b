"""Which words of a pass are believed: repetitions that were said, and those that a decoder in a loop adds."""

from __future__ import annotations

import pytest

from live_sentiment.core.types import Word
from live_sentiment.models.transcriber import Hypothesis
from live_sentiment.perception.speech.plausible import said


def words(text: str, start_s: float = 0.0, step_s: float = 0.4, probability: float = 0.9) -> list[Word]:
    return [
        Word(word, start_s + i * step_s, start_s + (i + 1) * step_s, probability)
        for i, word in enumerate(text.split())
    ]


def heard(*some: Word, log_probability: float = -0.2, compression: float = 5.0) -> Hypothesis:
    return Hypothesis(some, 0.3, log_probability, compression)


def text(some: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in some)


@pytest.mark.parametrize("phrase", ["no, ", "Have wonderful news. ", "one two three four five six "])
@pytest.mark.parametrize("times", [3, 8])
def test_what_was_said_again_and_again_is_believed(phrase: str, times: int) -> None:
    assert text(said(heard(*words(phrase * times)))) == (phrase * times).strip()


def test_repetitions_that_run_ahead_of_the_sound_are_dropped_and_the_others_kept() -> None:
    real = words("have wonderful news " * 5)
    ahead = words("have wonderful news " * 6, start_s=real[-1].end_s, step_s=0.0)
    last = words("and more", start_s=real[-1].end_s)
    assert said(heard(*real, *ahead, *last)) == (*real, *last)


def test_a_loop_whose_first_words_are_a_guess_is_not_believed_however_sure_it_is_of_the_rest() -> None:
    guess = words("I'm not sure if", probability=0.1)
    assert said(heard(*guess, *words("I'm not sure if " * 4, start_s=1.6, probability=0.99))) == ()


def test_a_loop_that_leaves_most_words_without_a_time_is_not_believed() -> None:
    unit = [Word("to", 0.0, 0.0, 0.4), Word("the", 0.0, 0.0, 0.4), Word("top", 0.0, 0.5, 0.4)]
    again = [Word(w.text, w.start_s + 0.5 * k, w.end_s + 0.5 * k, 0.99) for k in range(1, 6) for w in unit]
    assert said(heard(*unit, *again)) == ()


def test_a_word_twice_in_a_pass_that_does_not_repeat_itself_is_believed_whatever_its_time() -> None:
    very = [*words("I am very"), Word("very", 1.2, 1.2, 0.9), *words("happy today", start_s=1.2)]
    assert said(heard(*very, compression=1.1)) == tuple(very)


def test_a_phrase_twice_is_believed_only_with_the_time_for_it() -> None:
    once = words("have wonderful news")
    again = [Word(word.text, 1.2, 1.2, 0.9) for word in once]
    assert said(heard(*once, *again, compression=1.3)) == tuple(once)


def test_no_words_are_none() -> None:
    assert said(heard()) == ()
