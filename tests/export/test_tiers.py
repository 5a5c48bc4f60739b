"""Tiers: whatever was said and whenever, intervals never overlap and nothing is lost."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live_sentiment.export.tiers import tiers_of
from tests.helpers.sessions import silent

spoken = st.lists(
    st.tuples(st.text("abc.", min_size=1, max_size=5), st.integers(-300, 2000), st.integers(0, 900)),
    max_size=20,
)
moments = st.lists(st.integers(0, 6000), max_size=10)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(spoken, moments)
def test_intervals_never_overlap_and_marks_share_no_time(session, spoken, moments):
    words, end_ms = [], 0
    for text, gap_ms, length_ms in spoken:
        # Recognisers do overlap neighbouring words, and give some no length.
        start_ms = max(end_ms + gap_ms, 0)
        end_ms = start_ms + length_ms
        words.append({"text": text, "start": start_ms / 1000, "end": end_ms / 1000, "probability": 0.5})
    events = tuple({"time": time_ms / 1000, "kind": "gap", "message": str(time_ms)} for time_ms in moments)
    tiers = tiers_of(replace(session, words=tuple(words), events=events), silent)
    assert [interval.label for interval in tiers.words] == [word["text"] for word in words]
    for tier in (tiers.words, tiers.transcript, tiers.emotion, tiers.polarity, *tiers.presence.values()):
        assert all(interval.start_ms < interval.end_ms for interval in tier)
        assert all(before.end_ms <= after.start_ms for before, after in itertools.pairwise(tier))
        assert not tier or tier[-1].end_ms <= tiers.end_ms
    assert [mark.time_ms for mark in tiers.events] == sorted(set(moments))


def test_stretches_join_neighbours_only(session):
    tiers = tiers_of(session, silent)
    for runs in (tiers.polarity, *tiers.presence.values()):
        assert all(before.label != after.label for before, after in itertools.pairwise(runs))
        assert (runs[0].start_ms, runs[-1].end_ms) == (0, 6000)


def test_an_excerpt_begins_at_its_start(session):
    tiers = tiers_of(replace(session, start_s=0.1), silent)
    assert tiers.polarity[0].start_ms == 100
