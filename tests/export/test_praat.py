"""TextGrid: praatio reads the tiers back, and finds nothing that Praat would stumble over."""

from __future__ import annotations

import itertools

import pytest
from praatio import textgrid

from live_sentiment.export.praat import write_textgrid
from tests.helpers.sessions import EVENTS, lines_of, silent


@pytest.fixture
def grid(session, tmp_path):
    path = write_textgrid(session, tmp_path / "annotations.TextGrid", silent)
    return textgrid.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")


def test_it_has_every_tier(grid):
    assert grid.tierNames == (
        *("words", "transcript", "emotion", "polarity", "text", "voice", "vision"),
        *("valence", "arousal", "turning points", "events"),
    )
    assert grid.minTimestamp == 0
    assert grid.maxTimestamp == 6.1  # of the media: longer than the results


def test_the_numbers_are_the_timelines(grid, session):
    points = lines_of(session, "point")
    for name in ("valence", "arousal"):
        marks = [(mark.time, float(mark.label)) for mark in grid.getTier(name).entries]
        assert marks == [(point["time"], point[name]) for point in points]
    episodes = [(e["start"], e["end"], e["emotion"]) for e in lines_of(session, "episode")]
    assert [tuple(interval) for interval in grid.getTier("emotion").entries] == episodes
    assert [tuple(mark) for mark in grid.getTier("turning points").entries] == [(1.5, "peak")]


def test_words_lie_beside_each_other(grid):
    assert [tuple(interval) for interval in grid.getTier("words").entries] == [
        *((0.1, 0.4, "Good"), (0.4, 0.912, "morning."), (3.0, 3.2, "Über")),
        *((3.2, 3.5, '"so"'), (3.5, 3.9, "<b>&")),
    ]
    assert [interval.label for interval in grid.getTier("transcript").entries] == [
        "Good morning.",
        'Über "so" <b>&',
    ]


def test_stretches_say_what_was_there_and_why_not(grid):
    assert [tuple(interval) for interval in grid.getTier("vision").entries] == [
        (0.0, 2.0, "present"),
        (2.0, 3.0, "absent: no face"),
        (3.0, 6.0, "present"),
    ]
    assert [interval.label for interval in grid.getTier("text").entries][-1] == "absent: no words"
    assert [tuple(interval) for interval in grid.getTier("polarity").entries] == [
        (0.0, 3.5, "positive"),
        (3.5, 6.0, "negative"),
    ]


def test_events_of_one_moment_share_a_mark(grid):
    both = f"gap: {EVENTS[0].message}; marker: {EVENTS[1].message}"
    # praatio undoes Praat's doubling of quotes in intervals, but not in marks.
    marks = [(mark.time, mark.label.replace('""', '"')) for mark in grid.getTier("events").entries]
    assert marks == [(0.5, both), (5.0, "gap: again")]


def test_interval_tiers_have_no_holes(session, tmp_path):
    path = write_textgrid(session, tmp_path / "annotations.TextGrid", silent)
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=True, reportingMode="error")
    for name in grid.tierNames[:7]:
        intervals = grid.getTier(name).entries
        assert intervals[0].start == 0
        assert intervals[-1].end == 6.1
        assert all(a.end == b.start for a, b in itertools.pairwise(intervals))
