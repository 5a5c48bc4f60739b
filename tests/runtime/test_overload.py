"""A computer that cannot keep up: how far behind it gets, what is skipped, and what is told of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from live_sentiment.core.config import OverloadConfig
from live_sentiment.core.types import Modality, TimelinePoint
from live_sentiment.runtime.overload import SkipLog
from tests.helpers.scripted import Work
from tests.helpers.virtual_clock import VirtualClock
from tests.runtime.test_live_session import SOUND_S, LiveRun, costing

BACKLOG_S = OverloadConfig().backlog_s
SENTENCE_S = (2.6, 0.9)


def times_too_slow(factor: float, *modalities: Modality) -> dict[Modality, float]:
    """What an item costs where a second of input takes `factor` seconds of work."""
    costs: dict[Modality, float] = {
        "vision": factor / 12.5,
        "voice": factor * SOUND_S,
        "text": factor * SOUND_S,
    }
    return {modality: costs[modality] for modality in modalities or costs}


def one_pass(of_s: float, at_s: float, modality: Modality) -> Callable[[VirtualClock], Work]:
    """A stage that takes so long for one item."""

    def work(clock: VirtualClock) -> Work:
        left, never = [of_s], threading.Event()

        def once(which: Modality, time_s: float) -> None:
            if which == modality and time_s >= at_s and left:
                clock.sleep(left.pop(), never)

        return once

    return work


def lags(run: LiveRun) -> list[float]:
    return [snapshot.live.lag_s for snapshot in run.snapshots if snapshot.live is not None]


def finals(run: LiveRun) -> dict[float, TimelinePoint]:
    return {point.time_s: point for snapshot in [*run.snapshots, run.last] for point in snapshot.finals}


def skipped(run: LiveRun) -> list[tuple[float, float]]:
    """Stretches of sound that the transcriber was not given."""
    heard = run.stages.transcriber.heard
    return [(end_s, start_s) for (_, end_s), (start_s, _) in pairwise(heard) if start_s > end_s + 0.01]


@pytest.mark.parametrize(
    ("factor", "sentence_s"), [(1.5, SENTENCE_S), (3.0, SENTENCE_S), (10.0, SENTENCE_S), (10.0, None)]
)
def test_the_backlog_is_within_its_bound_at_every_moment(
    factor: float, sentence_s: tuple[float, float] | None
) -> None:
    """Three minutes, in which everything is too slow by that factor for two."""
    costs = times_too_slow(factor)
    run = LiveRun(180.0, work=lambda clock: costing(clock, costs, (20.0, 140.0)), sentence_s=sentence_s)
    assert max(lags(run)) <= BACKLOG_S
    late = [
        s.elapsed_s - s.latest.time_s for s in run.snapshots if s.latest is not None and s.elapsed_s < 180.0
    ]
    assert max(late) <= BACKLOG_S + 1.0, "what is shown is no older than the backlog and a window"
    assert run.outcome.summary.complete
    assert lags(run)[-1] < 0.5
    assert run.last.live is not None
    assert run.last.live.lowered == (), "and quality is back"


@pytest.mark.parametrize("factor", [1.5, 3.0, 10.0])
def test_a_slow_transcriber_costs_words_only(factor: float) -> None:
    costs = times_too_slow(factor, "text")
    run = LiveRun(60.0, work=lambda clock: costing(clock, costs, (10.0, 50.0)), sentence_s=(9.0, 0.9))
    points = finals(run)
    assert [time_s for time_s in points if time_s > 59.0]
    assert all(point.presence["voice"].present for point in points.values() if point.time_s > 1.0)
    assert all(point.presence["vision"].present for point in points.values() if point.time_s > 0.5)
    shown = [
        s.elapsed_s - s.latest.time_s for s in run.snapshots if s.latest is not None and s.elapsed_s < 60.0
    ]
    assert max(shown) < 1.0, "provisional results come as ever"
    long = [(start_s, end_s) for start_s, end_s in skipped(run) if end_s - start_s > 4.5]
    assert long
    for start_s, end_s in long:
        for time_s in (start_s + 4.5, end_s):
            reason = points[time_s // 0.25 * 0.25].presence["text"].reason
            assert reason == "not analysed: overload"


@pytest.mark.parametrize("factor", [1.5, 3.0])
def test_what_is_skipped_ends_in_a_pause_and_hardly_begins_within_a_sentence(factor: float) -> None:
    costs = times_too_slow(factor, "text")
    run = LiveRun(120.0, work=lambda clock: costing(clock, costs, (10.0, 100.0)), sentence_s=SENTENCE_S)
    stretches = skipped(run)
    assert stretches
    for _, end_s in stretches:
        into = end_s % sum(SENTENCE_S)
        assert into > SENTENCE_S[0] or into < 2 * SOUND_S, "the next sentence is heard from its start"
    for before, after in pairwise(stretches):
        assert after[0] - before[1] > 0.5, "no crumbs between what is skipped"


def test_announcements_are_merged_into_a_beginning_and_a_sum() -> None:
    costs = times_too_slow(3.0, "text")
    run = LiveRun(180.0, work=lambda clock: costing(clock, costs, (20.0, 140.0)), sentence_s=SENTENCE_S)
    told = [event for event in run.events if event.kind.startswith("overload")]
    assert [event.kind for event in told] == ["overload", "overload-over"]
    begins, over = told
    assert 20.0 < begins.time_s < 30.0
    assert begins.message == (
        "words are skipped from here on, whole utterances at a time: the computer cannot keep up"
    )
    stretches = skipped(run)
    length_s = sum(end_s - start_s for start_s, end_s in stretches)
    assert f"words {len(stretches)} times ({length_s:.1f} s)" in over.message


@pytest.mark.parametrize("modality", ["text", "voice", "vision"])
@pytest.mark.parametrize("length_s", [4.0, 20.0])
def test_one_pass_longer_than_the_backlog_holds_up_nothing(modality: Modality, length_s: float) -> None:
    run = LiveRun(60.0, work=one_pass(length_s, 20.0, modality), sentence_s=SENTENCE_S)
    assert max(lags(run)) <= BACKLOG_S
    others: set[Modality] = {"text", "voice", "vision"} - {modality}
    if modality == "voice":
        others.discard("text")  # the transcriber needs what the voice's thread passes on
    points = finals(run)
    for time_s in (24.0, 30.0, 39.0):
        assert all(points[time_s].presence[other].present for other in others)
    assert points[23.5].presence[modality].reason in {"not analysed: overload", None}
    assert points[22.0 + length_s - 1.0 + 3.0].time_s
    assert all(presence.present for presence in points[50.0].presence.values()), "and comes back"
    assert "late-items" not in run.kinds()
    for _, end_s in skipped(run):
        into = end_s % sum(SENTENCE_S)
        assert into > SENTENCE_S[0] or into < 2 * SOUND_S, "no sentence is heard from its middle on"
    assert [kind for kind in run.kinds() if kind.startswith("overload")] == ["overload", "overload-over"]


def test_a_device_that_was_lost_is_no_overload() -> None:
    run = LiveRun(30.0, lost=[(10.0, 20.0)], lost_device="microphone", sentence_s=SENTENCE_S)
    assert run.kinds() == ["microphone-lost", "microphone-back"]


def test_pieces_that_touch_are_one_stretch() -> None:
    log = SkipLog(quiet_s=15.0)
    told = [*log.add(5.0, "text", 4.0, 4.5), *log.add(5.1, "text", 4.5, 5.0), *log.add(9.0, "text", 8.0, 8.5)]
    assert [event.kind for event in told] == ["overload"]
    assert not list(log.over(23.9))
    (over,) = log.over(24.0)
    assert over.message == "the computer keeps up again; skipped since 4.0 s: words 2 times (1.5 s)"
    assert not list(log.over(100.0))
    assert [event.kind for event in log.add(101.0, "voice", 100.0, 101.0)] == ["overload"]
    (over,) = log.over(101.0, ended=True)
    assert over.message == "up to the end; skipped since 100.0 s: the voice 1 time (1.0 s)"
