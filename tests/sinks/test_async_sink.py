"""An outlet neither holds up whoever tells it, nor loses what is final while there is room."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.core.errors import RunError
from live_sentiment.core.types import Event, TimelinePoint, Transcript
from live_sentiment.sinks.async_sink import FAILED, LOST, PROVISIONALS, AsyncSink, Transport
from live_sentiment.timeline.timeline import Segment
from tests.helpers.outlets import told_and_written
from tests.helpers.story import point, word


class Receiving:
    """A transport that does as it is told before each item."""

    def __init__(self, work: Callable[[Any], None] = lambda item: None) -> None:
        self.heard: list[Any] = []
        self.trouble: Callable[[str], None] = lambda message: None
        self._work = work

    def begin(self, now_s: Callable[[], float], trouble: Callable[[str], None]) -> None:
        self.trouble = trouble

    def _hear(self, item: Any) -> None:
        self._work(item)
        self.heard.append(item)

    def point(self, point: TimelinePoint) -> None:
        self._hear((point.time_s, point.final))

    def segment(self, segment: Segment) -> None:
        self._hear(segment)

    def event(self, event: Event) -> None:
        self._hear(event)

    def words(self, transcript: Transcript) -> None:
        self._hear([word.text for word in (*transcript.committed, *transcript.partial)])

    def close(self, *, complete: bool) -> None:
        self._hear(complete)


def begun(transport: Transport, **options: Any) -> tuple[AsyncSink, list[tuple[str, str]]]:
    said: list[tuple[str, str]] = []
    outlet = AsyncSink(transport, "X", **options)
    outlet.begin(lambda: 0.0, lambda kind, message: said.append((kind, message)))
    return outlet, said


class Held:
    """Work that waits at its first item until it is let go."""

    def __init__(self) -> None:
        self.began, self.go = threading.Event(), threading.Event()

    def __call__(self, item: Any) -> None:
        self.began.set()
        assert self.go.wait(10)


def test_everything_arrives_in_the_order_in_which_it_was_told() -> None:
    transport = Receiving()
    outlet, said = begun(transport)
    outlet.point(point(0.25, final=False))
    outlet.words(Transcript((word("hi", 0.2),), (), 0.25))
    outlet.point(point(0.25))
    outlet.words(Transcript((), (word("the", 0.4),), 0.25))
    outlet.event(Event(0.3, "gap", "a gap"))
    outlet.close(complete=True)
    assert transport.heard == [
        (0.25, False), ["hi"], (0.25, True), ["the"], Event(0.3, "gap", "a gap"), True,
    ]  # fmt: skip
    assert said == []


def test_a_slow_one_gets_every_final_and_the_newest_provisionals() -> None:
    held = Held()
    transport = Receiving(held)
    outlet, said = begun(transport)
    outlet.event(Event(0.0, "gap", "first"))
    assert held.began.wait(10)
    for tick in range(1, 101):
        outlet.point(point(float(tick), final=False))
        outlet.point(point(float(tick)))
    held.go.set()
    outlet.close(complete=True)
    points = [item for item in transport.heard if isinstance(item, tuple)]
    assert [time_s for time_s, final in points if final] == [float(tick) for tick in range(1, 101)]
    assert [time_s for time_s, final in points if not final] == [
        float(tick) for tick in range(101 - PROVISIONALS, 101)
    ]
    assert all(points.index((t, False)) < points.index((t, True)) for t, final in points if not final)
    assert outlet.lost == 0
    assert said == []


def test_what_there_is_no_room_for_is_counted_and_told_once() -> None:
    held = Held()
    transport = Receiving(held)
    outlet, said = begun(transport, finals=10)
    outlet.event(Event(0.0, "gap", "first"))
    assert held.began.wait(10)
    for tick in range(1, 101):
        outlet.point(point(float(tick), final=False))
        outlet.point(point(float(tick)))
    held.go.set()
    outlet.close(complete=True)
    finals = [item[0] for item in transport.heard if isinstance(item, tuple) and item[1]]
    assert finals[-1] == 100.0
    assert outlet.lost + len(finals) == 100
    assert outlet.lost > 80
    assert [kind for kind, _ in said] == [LOST]


def test_one_message_that_fails_is_told_once_and_the_next_are_tried() -> None:
    def fail(item: Any) -> None:
        if item in {(1.0, True), (2.0, True)}:
            raise RunError("no route")

    transport = Receiving(fail)
    outlet, said = begun(transport)
    for tick in (1.0, 2.0, 3.0):
        outlet.point(point(tick))
    outlet.close(complete=False)
    assert transport.heard == [(3.0, True), False]
    assert said == [(FAILED, "X: no route")]


@pytest.mark.parametrize("error", [ZeroDivisionError, SystemExit])
def test_one_that_breaks_gets_nothing_more_and_the_teller_goes_on(error: type[BaseException]) -> None:
    def break_(item: Any) -> None:
        raise error

    outlet, said = begun(Receiving(break_))
    for tick in range(200):
        outlet.point(point(float(tick)))
    outlet.close(complete=True)
    outlet.point(point(0.0))
    ((kind, message),) = said
    assert kind == FAILED
    assert error.__name__ in message


def test_one_that_hangs_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live_sentiment.sinks.async_sink.CLOSE_S", 0.01)
    held = Held()
    outlet, _ = begun(Receiving(held))
    outlet.point(point(1.0))
    assert held.began.wait(10)
    outlet.close(complete=True)
    held.go.set()


def test_one_that_never_began_is_closed_all_the_same() -> None:
    transport = Receiving()
    AsyncSink(transport, "X").close(complete=False)
    assert transport.heard == [False]


def test_the_timeline_is_the_same_with_outlets_that_hang_or_break(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(item: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("live_sentiment.sinks.async_sink.CLOSE_S", 0.01)
    held = Held()
    hanging, broken = begun(Receiving(held), finals=2)[0], begun(Receiving(break_))[0]
    written = []
    for sinks in ((), (hanging, broken)):
        told_and_written(tmp_path, *sinks)
        written.append((tmp_path / "results" / "timeline.jsonl").read_bytes())
    held.go.set()
    assert written[0] == written[1]
