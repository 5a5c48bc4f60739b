"""What is understood: likely words are, unlikely ones and speech without words are not."""

from __future__ import annotations

import pytest

from live_sentiment.core.types import Word
from live_sentiment.perception.speech.understood import ENOUGH_WORDS, WORDLESS_S, Understanding


def words(*probabilities: float) -> list[Word]:
    return [Word(f"w{n}", n, n + 0.5, probability) for n, probability in enumerate(probabilities)]


def test_likely_words_are_understood_and_nothing_is_said_of_few() -> None:
    heard = Understanding()
    assert not heard.words(words(*[0.9] * 20))
    assert heard.understood
    few = Understanding()
    assert not few.words(words(*[0.2] * (ENOUGH_WORDS - 1)))
    assert few.understood


def test_unlikely_words_are_not_understood_until_likely_ones_outweigh_them() -> None:
    heard = Understanding()
    assert heard.words(words(*[0.5] * 6))
    assert not heard.understood
    assert not heard.words(words(0.6))  # said once
    changes = [heard.words(words(0.95)) for _ in range(12)]
    assert sum(changes) == 1
    assert heard.understood


@pytest.mark.parametrize("mean", [0.62, 0.68])
def test_between_the_bounds_it_stays_as_it_was(mean: float) -> None:
    good, bad = Understanding(), Understanding()
    good.words(words(*[mean] * 12))
    bad.words(words(*[0.4] * 12))
    bad.words(words(*[mean] * 12))
    assert (good.understood, bad.understood) == (True, False)


def test_speech_without_a_word_is_not_understood_and_a_pause_does_not_count() -> None:
    heard = Understanding()
    steps = round(WORDLESS_S / 0.5) + 4
    changes = [heard.speech(0.5) for _ in range(steps)]
    assert sum(changes) == 1
    assert not heard.understood
    spoken = Understanding()
    for _ in range(steps):
        spoken.speech(0.5)
        spoken.words(words(0.9))
    assert spoken.understood
