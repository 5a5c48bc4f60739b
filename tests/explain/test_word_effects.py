"""Effects of words, on readers whose answer is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from live_sentiment.core.config import TextConfig
from live_sentiment.core.types import (
    EMOTIONS,
    Affect,
    Expert,
    Observation,
    Presence,
    StageOutput,
    Window,
    Word,
)
from live_sentiment.explain.words import masked, word_effects
from live_sentiment.perception.text.analyze import TextAnalyzer

JOY = EMOTIONS.index("joy")


def spoken(*texts: str, end_s: float = 4.0, each_s: float = 0.5) -> list[Word]:
    """Words that end right before `end_s`."""
    first_s = end_s - each_s * len(texts)
    return [
        Word(text, first_s + each_s * index, first_s + each_s * (index + 1), 0.9)
        for index, text in enumerate(texts)
    ]


def leaning(probability: float) -> np.ndarray:
    emotions = np.full(7, (1 - probability) / 6, np.float32)
    emotions[JOY] = probability
    return emotions


class Happy:
    """Reads joy where the utterance says "happy", and next to nothing anywhere else."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.said: list[str] = []

    def __call__(self, words: Sequence[Word]) -> StageOutput:
        found = []
        for word in words:
            self.said.append(word.text)
            utterance = " ".join(self.said)
            emotions = leaning(0.8 if "happy" in utterance else 0.2)
            polarity = np.full(3, 1 / 3, np.float32)
            found.append(
                Observation(
                    "text",
                    word.end_s,
                    np.zeros(2, np.float32),
                    emotions,
                    polarity,
                    details={"utterance": utterance},
                )
            )
        return StageOutput(tuple(found), 0.0)


def a_window(*others: Observation) -> Window:
    by_modality = {one.modality: (one,) for one in others}
    presence = {name: Presence(True) for name in ("text", "voice", "vision")}
    return Window(8, 0.0, 4.0, by_modality, (), 1.0, presence, True)


def last_word(window: Window) -> Affect | None:
    """Fusion that goes by the last text observation and the voice, half and half, or by one alone."""
    opinions = [found[-1].emotions for found in window.observations.values()]
    if not opinions:
        return None
    emotions = np.mean(opinions, axis=0)
    return Affect(np.full(3, 1 / 3, np.float32), emotions, 0.0, 0.0, 0.0, 0.0, {}, {})


def test_the_only_word_that_matters_has_all_of_the_effect() -> None:
    found = word_effects(a_window(), spoken("i", "am", "happy", "today"), Happy(), last_word)
    assert found is not None
    assert (found.emotion, found.probability) == ("joy", pytest.approx(0.8))
    assert [one.effect for one in found.words] == [0, 0, pytest.approx(0.6), 0]
    assert [one.word.text for one in found.words] == ["i", "am", "happy", "today"]


def test_what_is_fused_counts_not_what_the_words_say_alone() -> None:
    neutral = Observation("voice", 4.0, np.zeros(2, np.float32), leaning(0.4), np.full(3, 1 / 3, np.float32))
    found = word_effects(a_window(neutral), spoken("so", "happy"), Happy(), last_word)
    assert found is not None
    assert found.probability == pytest.approx(0.6)
    assert found.words[1].effect == pytest.approx(0.3)


def test_a_word_said_twice_is_not_missed_and_later_words_do_not_count() -> None:
    words = [*spoken("happy", "happy"), *spoken("sad", end_s=6.0)]
    found = word_effects(a_window(), words, Happy(), last_word)
    assert found is not None
    assert [one.effect for one in found.words] == [0, 0]


def test_a_single_word_leaves_nothing_to_read() -> None:
    found = word_effects(a_window(), spoken("happy"), Happy(), last_word)
    assert found is not None
    assert found.words[0].effect == pytest.approx(0.8)
    assert word_effects(a_window(), [], Happy(), last_word) is None


def test_polarity_is_explained_as_well() -> None:
    def by_joy(window: Window) -> Affect | None:
        (read,) = window.observations["text"][-1:]
        joy = float(read.emotions[JOY])
        polarity = np.array([(1 - joy) / 2, (1 - joy) / 2, joy], np.float32)
        return Affect(polarity, read.emotions, 0.0, 0.0, 0.0, 0.0, {}, {})

    found = word_effects(a_window(), spoken("so", "happy"), Happy(), by_joy)
    assert found is not None
    assert found.polarity == pytest.approx(0.7)
    assert [one.polarity for one in found.words] == [0, pytest.approx(0.9)]


def test_words_that_are_not_asked_about_are_read_all_the_same() -> None:
    words = spoken("happy", "and", "glad")
    found = word_effects(a_window(), words, Happy(), last_word, first_s=words[1].end_s)
    assert found is not None
    assert found.probability == pytest.approx(0.8)
    assert [one.word.text for one in found.words] == ["and", "glad"]


def test_words_before_the_window_are_read_as_far_as_the_lookback() -> None:
    words = [*spoken("happy", end_s=-1.0), *spoken("and", "so")]
    near = word_effects(a_window(), words, Happy(), last_word)
    far = word_effects(a_window(), words, Happy(), last_word, lookback_s=0.5)
    assert near is not None
    assert far is not None
    assert near.words[0].effect == pytest.approx(0.6)
    assert [one.word.text for one in far.words] == ["and", "so"]


@pytest.mark.parametrize(("text", "left"), [("happy", ""), ("happy!", "!"), ('it."', '."'), ("...", "...")])
def test_the_mark_that_ends_a_sentence_stays(text: str, left: str) -> None:
    assert masked(Word(text, 1.0, 2.0, 0.5)) == Word(left, 1.0, 2.0, 0.5)


class Knows:
    """A reader of the text stage that knows one word, and that it is a joy."""

    context_utterances = 0

    @property
    def expert(self) -> Expert:
        prior = np.full(7, 1 / 7, np.float32)
        return Expert("text", 4, prior, np.full(3, 1 / 3, np.float32), "knows one word", "")

    def fits(self, text: str) -> bool:
        return len(text) < 200

    def __call__(self, text: str, context: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        even = np.full(3, 1 / 3, np.float32)
        return np.zeros(4, np.float32), leaning(0.7 if "glad" in text else 0.2), even


def test_the_sessions_own_text_stage() -> None:
    stage = TextAnalyzer(TextConfig(), Knows())
    # The first sentence knows of it as well, but is over: what was read last is the second.
    words = spoken("glad.", "you", "are", "glad!", each_s=0.9)
    found = word_effects(a_window(), words, stage, last_word)
    assert found is not None
    assert [one.effect for one in found.words] == [0, 0, 0, pytest.approx(0.5)]
