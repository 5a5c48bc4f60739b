"""What waits for one client is bounded: provisional results give way, and too many lasting ones end it."""

from __future__ import annotations

from live_sentiment.serve.messages import Message, end_message, point_message
from live_sentiment.serve.outbox import LASTING, PASSING, Outbox
from tests.helpers.story import point


def provisional(number: int) -> Message:
    return point_message(point(float(number), final=False))


def final(number: int) -> Message:
    return point_message(point(float(number)))


def taken(outbox: Outbox) -> list[Message]:
    return list(iter(outbox.take, None))


def test_what_is_taken_at_once_is_given_whole_and_in_order() -> None:
    outbox = Outbox()
    messages = [provisional(1), final(1), provisional(2), final(2)]
    for message in messages:
        outbox.put(message)
    assert taken(outbox) == messages
    assert outbox.lost == 0


def test_the_oldest_provisional_results_give_way_and_the_client_is_told_how_many() -> None:
    outbox = Outbox()
    for number in range(PASSING + 5):
        outbox.put(provisional(number))
        outbox.put(final(number))
    lost, *rest = taken(outbox)
    assert lost.fields == {"type": "lost", "provisional": 5, "total": 5}
    assert [m.time_s for m in rest if m.passing] == list(range(5, PASSING + 5))
    assert [m.time_s for m in rest if not m.passing] == list(range(PASSING + 5))
    for number in range(PASSING + 2):
        outbox.put(provisional(number))
    assert taken(outbox)[0].fields == {"type": "lost", "provisional": 2, "total": 7}
    assert outbox.take() is None


def test_a_client_too_far_behind_gets_a_farewell_and_nothing_else_any_more() -> None:
    outbox = Outbox()
    for number in range(LASTING):
        outbox.put(final(number))
    assert not outbox.behind
    outbox.put(final(LASTING))
    outbox.put(final(LASTING + 1))
    outbox.put(end_message(9.0, complete=True))
    assert outbox.behind
    assert len(outbox) == 1
    (farewell,) = taken(outbox)
    assert farewell.last
    assert farewell.fields["reason"] == "behind"


def test_it_never_grows_beyond_its_bounds() -> None:
    outbox = Outbox()
    longest = 0
    for number in range(3 * LASTING):
        outbox.put(provisional(number))
        outbox.put(final(number))
        longest = max(longest, len(outbox))
    assert longest == LASTING + PASSING


def test_nothing_follows_the_end() -> None:
    outbox = Outbox()
    outbox.put(end_message(1.0, complete=True))
    outbox.put(final(2))
    assert [message.type for message in taken(outbox)] == ["end"]
