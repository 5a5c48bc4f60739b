from __future__ import annotations

import threading

import pytest

from live_sentiment.sources.abandonable_call import AbandonableCall


def test_it_brings_what_the_call_returned() -> None:
    errand = AbandonableCall(lambda: 7)
    assert errand.done.wait(5.0)
    assert errand.result() == 7


def test_it_raises_what_the_call_raised() -> None:
    def work() -> None:
        raise OSError("gone")

    errand = AbandonableCall(work)
    assert errand.done.wait(5.0)
    with pytest.raises(OSError, match="gone"):
        errand.result()


@pytest.mark.parametrize("abandoned_first", [True, False])
def test_what_an_abandoned_call_brings_is_undone(abandoned_first: bool) -> None:
    go, undone = threading.Event(), threading.Event()
    brought: list[str] = []

    def work() -> str:
        go.wait(5.0)
        return "stream"

    def undo(result: str) -> None:
        brought.append(result)
        undone.set()

    errand = AbandonableCall(work, undo)
    if abandoned_first:
        errand.abandon()
        go.set()
    else:
        go.set()
        assert errand.done.wait(5.0)
        errand.abandon()
    assert undone.wait(5.0)
    assert brought == ["stream"]


def test_a_call_that_leaves_its_thread_is_done_with_its_error() -> None:
    def leave() -> None:
        raise SystemExit("gone")

    errand = AbandonableCall(leave)
    assert errand.done.wait(10)
    with pytest.raises(SystemExit, match="gone"):
        errand.result()
