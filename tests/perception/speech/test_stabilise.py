"""LocalAgreement: what two passes agree on is committed, once, in order, and never cut in two."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.core.types import Word
from live_sentiment.perception.speech.stabilise import LocalAgreement, in_order


def words(text: str, start_s: float = 0.0, step_s: float = 0.5) -> list[Word]:
    """Words of equal length one behind the other."""
    return [
        Word(word, round(start_s + i * step_s, 3), round(start_s + (i + 1) * step_s, 3), 0.9)
        for i, word in enumerate(text.split())
    ]


def texts(some: tuple[Word, ...]) -> str:
    return " ".join(word.text for word in some)


def test_one_pass_commits_nothing_and_two_commit_what_they_share() -> None:
    agreement = LocalAgreement()
    assert agreement.insert(words("the cat sad"), 2.0) == ()
    assert texts(agreement.partial) == "the cat sad"
    assert texts(agreement.insert(words("the cat sat down"), 3.0)) == "the cat"
    assert texts(agreement.partial) == "sat down"


def test_capitals_and_punctuation_are_no_disagreement_and_the_newer_spelling_stays() -> None:
    agreement = LocalAgreement()
    agreement.insert(words("Hello, world."), 2.0)
    assert texts(agreement.insert(words("hello world, again"), 3.0)) == "hello world,"


def test_a_word_at_the_end_of_what_the_pass_before_heard_waits() -> None:
    agreement = LocalAgreement()
    agreement.insert([Word("through", 0.0, 0.6, 0.9), Word("deep", 0.6, 1.0, 0.5)], 1.0)
    again = [Word("through", 0.0, 0.6, 0.9), Word("deep", 0.6, 1.0, 0.9), Word("sea", 1.0, 1.4, 0.9)]
    assert texts(agreement.insert(again, 2.0)) == "through"


def test_committed_words_heard_again_are_not_repeated() -> None:
    agreement = LocalAgreement()
    agreement.insert(words("we saw the sea"), 3.0)
    assert texts(agreement.insert(words("we saw the sea today"), 4.0)) == "we saw the sea"
    # After a cut the words behind it are placed a little late, so time alone does not tell them apart.
    assert texts(agreement.insert(words("the sea today was", start_s=2.0), 5.0)) == "today"
    assert texts(agreement.insert(words("the sea today was calm", start_s=2.0), 6.0)) == "was"


def test_words_really_said_twice_are_kept() -> None:
    agreement = LocalAgreement()
    agreement.insert(words("no"), 1.0)
    assert texts(agreement.insert(words("no"), 2.0)) == "no"
    agreement.insert(words("no", start_s=3.0), 4.0)
    assert texts(agreement.insert(words("no", start_s=3.0), 5.0)) == "no"


def test_a_phrase_said_twice_without_a_pause_is_kept_twice() -> None:
    agreement = LocalAgreement()
    twice = words("we won we won")
    agreement.insert(twice[:2], 1.5)
    assert texts(agreement.insert(twice, 2.5)) == "we won"
    assert texts(agreement.insert(twice, 3.5)) == "we won"


def test_a_word_that_the_next_pass_places_early_is_not_lost() -> None:
    agreement = LocalAgreement()
    first = words("we have won again")
    agreement.insert(first, 1.9)
    assert texts(agreement.insert(first, 1.9)) == "we have won"
    earlier = [*first[:3], Word("again", 1.3, 2.0, 0.9)]
    agreement.insert(earlier, 3.0)
    assert texts(agreement.insert(earlier, 4.0)) == "again"


def test_a_phrase_that_the_pass_before_a_cut_heard_twice_is_kept_twice() -> None:
    agreement = LocalAgreement()
    thrice = words("we won we won we won")
    agreement.insert(thrice[:2], 1.5)
    assert texts(agreement.insert(thrice[:4], 2.5)) == "we won"
    assert texts(agreement.insert(thrice[2:], 3.5)) == "we won"


def test_what_is_said_behind_the_end_of_an_utterance_was_not_heard_before() -> None:
    agreement = LocalAgreement()
    agreement.insert(words("no"), 1.0)
    assert texts(agreement.end()) == "no"
    agreement.insert(words("no", start_s=1.2), 2.0)
    assert texts(agreement.end()) == "no"


def test_settle_takes_all_or_what_ends_in_time() -> None:
    agreement = LocalAgreement()
    agreement.insert(words("a b c d"), 2.0)
    assert texts(agreement.settle(before_s=1.0)) == "a b"
    assert texts(agreement.settle()) == "c d"
    assert agreement.settle() == ()


def test_an_empty_pass_takes_the_guess_back() -> None:
    agreement = LocalAgreement()
    agreement.insert(words("thank you"), 2.0)
    assert agreement.insert([], 3.0) == ()
    assert agreement.partial == ()


times = st.floats(0, 20).map(lambda t: round(t, 3))
passes = st.lists(st.lists(st.tuples(st.sampled_from("abc"), times, times), max_size=8), max_size=8)


@given(passes)
def test_committed_words_are_in_time_order_whatever_the_passes_say(passes: list) -> None:
    agreement = LocalAgreement()
    committed: list[Word] = []
    for number, said in enumerate(passes):
        hypothesis = [Word(text, min(a, b), max(a, b), 0.5) for text, a, b in said]
        committed += agreement.insert(hypothesis, 21.0 + number)
    committed += agreement.settle()
    assert all(word.end_s > word.start_s for word in committed)
    assert all(later.start_s >= word.end_s for word, later in itertools.pairwise(committed))


def test_in_order_moves_no_word_that_is_in_order() -> None:
    said = words("a b c", start_s=1.0)
    assert in_order(said, 1.0) == tuple(said)
