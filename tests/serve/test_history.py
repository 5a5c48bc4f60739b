"""What late clients are told of before: recent, in order, bounded, and nothing that is outdated."""

from __future__ import annotations

from live_sentiment.core.types import Event, Transcript
from live_sentiment.serve.history import KEPT, History
from live_sentiment.serve.messages import event_message, point_message, words_message
from tests.helpers.story import HOP_S, point, word


def times(history: History) -> list[float]:
    return [message.time_s for message in history.messages()]


def test_finals_older_than_a_minute_are_gone() -> None:
    history = History()
    for tick in range(1, 1001):
        history.point(point_message(point(tick * HOP_S)))
    assert times(history) == [tick * HOP_S for tick in range(761, 1001)]


def test_a_final_outdates_the_provisional_ones_up_to_it() -> None:
    history = History()
    for tick in (1, 2, 3):
        history.point(point_message(point(float(tick), final=False)))
    history.point(point_message(point(2.0)))
    assert [(message.time_s, message.passing) for message in history.messages()] == [
        (2.0, False),
        (3.0, True),
    ]


def test_only_the_newest_guess_is_kept_and_words_outdate_it() -> None:
    history = History()
    for guess in ("hal", "hallo"):
        history.words(words_message(Transcript((), (word(guess, 1.0),), 1.0)))
    assert [m.fields["partial"][0]["text"] for m in history.messages()] == ["hallo"]
    history.words(words_message(Transcript((word("hallo", 1.0),), (), 1.5)))
    (said,) = history.messages()
    assert said.fields["committed"][0]["text"] == "hallo"
    assert said.fields["partial"] == []


def test_it_is_bounded_however_much_happens_in_a_moment() -> None:
    history = History()
    for number in range(2 * KEPT):
        history.lasting(event_message(Event(1.0, "marker", str(number))))
        history.point(point_message(point(2.0, final=False)))
    assert len(history.messages()) <= 2 * KEPT


def test_what_speaks_of_long_ago_does_not_stay() -> None:
    history = History()
    history.lasting(event_message(Event(100.0, "marker", "now")))
    for number in range(KEPT):
        history.lasting(event_message(Event(0.0, "late-items", str(number))))
    assert len(history.messages()) <= KEPT
