"""Turning points of valence and the words around them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.timeline.turning import AROUND_S, TurningPoint, TurningPointFinder
from tests.helpers.story import HOP_S, point, word

THRESHOLD = 0.25


def find(
    valences: Sequence[float | None], *, talking: bool = False
) -> tuple[list[TurningPoint], list[float]]:
    """One valence a tick, None without evidence. Returns the turning points, and when each was known."""
    finder = TurningPointFinder(THRESHOLD)
    found: list[TurningPoint] = []
    known_s: list[float] = []
    for tick, valence in enumerate(valences, start=1):
        time_s = tick * HOP_S
        words = (word(f"w{tick}", time_s),) if talking else ()
        tick_point = point(time_s, valence=-1.0 if valence is None else valence, words=words)
        for turning in finder.add(tick_point, evidence=valence is not None):
            found.append(turning)
            known_s.append(time_s)
    found += finder.finish()
    return found, known_s


def ramp(*corners: float, ticks: int = 8) -> list[float]:
    return [x for a, b in itertools.pairwise(corners) for x in np.linspace(a, b, ticks, False)] + [
        corners[-1]
    ]


def kinds(valences: Sequence[float | None]) -> list[tuple[str, float]]:
    return [(t.kind, round(t.valence, 6)) for t in find(valences)[0]]


def test_a_swing_there_and_back_turns_once():
    found, _ = find(ramp(0.0, 0.6, 0.0))
    (turning,) = found
    assert (turning.kind, turning.time_s) == ("peak", 9 * HOP_S)
    assert turning.valence == pytest.approx(0.6)
    assert turning.previous_valence == pytest.approx(0.0)


def test_peaks_and_troughs_alternate():
    assert kinds(ramp(0.0, 0.6, -0.6, 0.3, 0.0)) == [("peak", 0.6), ("trough", -0.6), ("peak", 0.3)]


def test_swings_below_the_threshold_do_not_count():
    assert kinds(ramp(0.0, 0.2, 0.0, 0.2, 0.0)) == []
    assert kinds(ramp(0.0, 0.6, 0.4, 0.7, 0.2)) == [("peak", 0.7)]


def test_a_dip_before_the_first_swing_is_no_turning_point():
    assert kinds(ramp(0.0, -0.2, 0.6)) == []


def test_the_first_swing_may_fall():
    assert kinds(ramp(0.5, -0.5, 0.5)) == [("trough", -0.5)]


def test_points_without_evidence_have_no_say():
    assert kinds([*ramp(0.0, 0.5), None, None, None, *ramp(0.5, 0.6)]) == []


def test_words_around_it_are_told_and_waited_for():
    found, known_s = find(ramp(0.0, 0.6, -0.6, ticks=40), talking=True)
    (turning,) = found
    times_s = [w.end_s for w in turning.words]
    assert turning.time_s - AROUND_S <= times_s[0] <= turning.time_s - AROUND_S + HOP_S
    assert turning.time_s + AROUND_S <= times_s[-1] <= turning.time_s + AROUND_S + HOP_S
    assert len(times_s) == len(set(times_s))
    assert known_s == [pytest.approx(turning.time_s + 0.25 / 0.03 * HOP_S, abs=HOP_S)]


def test_a_sharp_turn_is_known_once_its_words_are():
    _, known_s = find([*ramp(0.0, 0.6), *ramp(-0.6, -0.5, ticks=20)], talking=True)
    assert known_s == [9 * HOP_S + AROUND_S]


def test_the_end_does_not_wait_for_words():
    found, known_s = find(ramp(0.0, 0.6, 0.3, ticks=4))
    assert [t.kind for t in found] == ["peak"]
    assert known_s == []


def test_an_old_extreme_keeps_its_words_and_no_more():
    """Valence creeps down for a minute after a peak before it counts as turned."""
    found, _ = find([*ramp(0.0, 0.6), *ramp(0.6, 0.36, ticks=240), 0.0], talking=True)
    (turning,) = found
    assert all(abs(w.end_s - turning.time_s) <= AROUND_S + HOP_S for w in turning.words)
    assert len(turning.words) == pytest.approx(2 * AROUND_S / HOP_S, abs=2)


@given(st.lists(st.floats(-1, 1), max_size=80))
def test_every_turn_swings_by_the_threshold_and_they_alternate(valences):
    found, _ = find(valences)
    for turning in found:
        swing = turning.valence - turning.previous_valence
        assert (swing if turning.kind == "peak" else -swing) >= THRESHOLD
    for before, after in itertools.pairwise(found):
        assert before.kind != after.kind
        assert before.time_s < after.time_s
        assert after.previous_valence == before.valence
