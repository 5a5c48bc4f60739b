import pytest

from live_sentiment.core.types import Word
from live_sentiment.perception.text.utterance import UtteranceReader


def read(text, context=0, limit=1000, gap_s=0.1):
    reader = UtteranceReader(context, lambda one: len(one) <= limit)
    end_s = 0.0
    for word in text.split():
        start_s = end_s + (2.0 if word.startswith("_") else gap_s)
        end_s = start_s + 0.3
        reader.add(Word(word.lstrip("_"), start_s, end_s, 0.5))
    return reader


@pytest.mark.parametrize(
    ("spoken", "current"),
    [
        ("I am here. You", "You"),
        ("Really? You", "You"),
        ('He said "go!" You', "You"),
        ("I am here _You", "You"),
        ("I don't know... maybe", "I don't know... maybe"),
        ("Ask Dr. Smith", "Ask Dr. Smith"),
        ("about 3.5 of", "about 3.5 of"),
        ("well, you", "well, you"),
    ],
)
def test_an_utterance_ends_at_sentence_punctuation_and_at_a_pause(spoken, current):
    assert read(spoken).utterance == current


def test_the_word_that_ends_a_sentence_belongs_to_it():
    assert read("It is over.").utterance == "It is over."


def test_context_is_the_utterances_before_and_no_more_than_asked_for():
    reader = read("One. Two. Three. Four", context=2)
    assert (reader.context, reader.utterance) == ("Two. Three.", "Four")
    assert read("One. Two", context=0).context == ""


def test_too_long_an_utterance_loses_its_beginning():
    assert read("a b c d e", limit=5).utterance == "c d e"


def test_a_word_longer_than_the_limit_is_still_read():
    assert read("abcdefgh", limit=3).utterance == "abcdefgh"


def test_the_probability_is_the_mean_over_the_utterance():
    reader = UtteranceReader(0, lambda text: True)
    for number, probability in enumerate((1.0, 0.5, 0.6)):
        reader.add(Word("word", number, number + 0.5, probability))
    assert reader.probability == pytest.approx(0.7)
