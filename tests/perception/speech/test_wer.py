"""Word error rate: the counting, and which spellings are the same."""

import pytest

from live_sentiment.perception.speech.wer import normalise, word_error_rate, word_errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bin BLUE -- at F2, now!", "bin blue at f two now"),
        ("We’re 17; not 40 or 0", "we're seventeen not forty or zero"),
        ("21 of 365", "twenty one of 365"),
        ("l'été à Łódź", "l'été à łódź"),
        ("'quoted'", "quoted"),
        ("...", ""),
    ],
)
def test_spellings_that_count_as_the_same(text: str, words: str) -> None:
    assert normalise(text) == words.split()


@pytest.mark.parametrize(
    ("reference", "heard", "errors"),
    [
        ("a b c", "a b c", 0),
        ("a b c", "a x c", 1),
        ("a b c", "a c", 1),
        ("a b c", "a b b c", 1),
        ("a b c", "", 3),
        ("", "a b", 2),
        ("a b c d", "b c d e", 2),
    ],
)
def test_fewest_edits(reference: str, heard: str, errors: int) -> None:
    assert word_errors(reference.split(), heard.split()) == errors


def test_errors_are_pooled_over_texts_of_unequal_length() -> None:
    assert word_error_rate([("one", "1"), ("a b c", "a")]) == pytest.approx(2 / 4)


def test_no_reference_word_is_an_error() -> None:
    with pytest.raises(ValueError, match="no words"):
        word_error_rate([("...", "something")])
