import random
from collections import Counter

from live_sentiment.training.augment.text_variants import (
    BEGINNING,
    PLAIN,
    WRITTEN,
    drawn_variant,
    in_form,
    in_same_form,
    plain,
    variants,
)


def test_plain_keeps_the_words_and_the_apostrophes_within_them():
    assert plain("Oh my GOD! It's - 'him'?!") == "oh my god it's him"
    assert plain("?!") == "?!"


def test_variants_are_the_text_its_words_and_a_beginning_with_an_open_end():
    texts = [f"Well, number {n} is here, I said. Isn't it?" for n in range(60)]
    for text in texts:
        written, words, beginning = variants(text)
        assert (written, words) == (text, plain(text))
        assert beginning[-1] not in ".,!?"
        assert plain(text).startswith(plain(beginning))
        assert plain(beginning) != plain(text)
    beginnings = [variants(text)[2] for text in texts]
    assert {1, 5, 8} <= {len(beginning.split()) for beginning in beginnings}
    assert 15 < sum(beginning == plain(beginning) for beginning in beginnings) < 45


def test_one_word_is_its_own_beginning():
    assert variants("Go!") == ("Go!", "go", "Go!")


def test_what_is_drawn_depends_on_the_text_alone():
    assert variants("I am so happy for you") == variants("I am so happy for you")
    drawn = Counter(
        variants(text).index(drawn_variant(text)) for text in (f"One, two {n}." for n in range(90))
    )
    assert set(drawn) == {0, 1, 2}
    assert min(drawn.values()) > 15


def test_a_form_is_asked_for_and_only_a_beginning_is_drawn():
    text = "Well, you are here, I said. Isn't it so?"
    draw = random.Random(0)
    assert in_form(text, WRITTEN, draw) == text
    assert in_form(text, PLAIN, draw) == plain(text)
    drawn = {in_form(text, BEGINNING, draw) for _ in range(40)}
    assert len(drawn) > 8
    assert all(plain(text).startswith(plain(one)) for one in drawn)


def test_context_is_plain_where_the_text_is():
    assert in_same_form("Oh, really?", "you are") == "oh really"
    assert in_same_form("Oh, really?", "You are.") == "Oh, really?"
    assert in_same_form("", "you are") == ""
