"""Episodes from runs of emotions, as they become certain."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.timeline.episodes import Episode, EpisodeBuilder
from tests.helpers.story import HOP_S, point

MIN_S = 1.0
LETTERS = {"j": "joy", "s": "sadness", "a": "anger", "f": "fear"}


def build(story: str, min_s: float = MIN_S) -> tuple[list[Episode], list[float]]:
    """One letter a tick, '.' without evidence. Returns the episodes, and when each was known."""
    builder = EpisodeBuilder(min_s)
    episodes: list[Episode] = []
    known_s: list[float] = []
    for tick, letter in enumerate(story, start=1):
        time_s = tick * HOP_S
        tick_point = point(time_s, LETTERS.get(letter, "joy"), valence=0.5 if letter == "j" else -0.5)
        for episode in builder.add(tick_point, time_s - HOP_S, evidence=letter != "."):
            episodes.append(episode)
            known_s.append(time_s)
    for episode in builder.finish():
        episodes.append(episode)
        known_s.append(len(story) * HOP_S)
    return episodes, known_s


def spans(story: str) -> list[tuple[str, float, float]]:
    return [(e.emotion, e.start_s, e.end_s) for e in build(story)[0]]


def test_long_stretches_become_episodes_that_meet():
    assert spans("jjjjjjjjssssssss") == [("joy", 0.0, 2.0), ("sadness", 2.0, 4.0)]


def test_a_short_break_belongs_to_what_surrounds_it():
    assert spans("jjjjjjssajjjjjj") == [("joy", 0.0, 3.75)]


def test_a_short_beginning_belongs_to_what_follows():
    assert spans("jjssssss") == [("sadness", 0.0, 2.0)]


def test_a_short_end_belongs_to_what_came_before():
    assert spans("jjjjjjss") == [("joy", 0.0, 2.0)]


def test_short_runs_belong_to_the_episode_before_them():
    assert spans("jjjjjjasaasssssjjjj") == [("joy", 0.0, 2.5), ("sadness", 2.5, 3.75), ("joy", 3.75, 4.75)]


def test_a_long_restless_stretch_is_named_by_what_led_longest():
    """Without it the joy before would go on for as long as the flicker does."""
    assert spans("jjjj" + "aas" * 8 + "jjjj") == [
        ("joy", 0.0, 1.0),
        ("anger", 1.0, 7.0),
        ("joy", 7.0, 8.0),
    ]


def test_a_recording_shorter_than_an_episode_is_one():
    assert spans("jss") == [("sadness", 0.0, 0.75)]


def test_nothing_at_all_has_no_episode():
    assert spans("") == []
    assert spans("......") == []


def test_absence_ends_an_episode_and_is_none_itself():
    assert spans("jjjjjj........jjjjjj") == [("joy", 0.0, 1.5), ("joy", 3.5, 5.0)]


def test_a_short_absence_is_bridged():
    assert spans("jjjjjj..jjjjjj") == [("joy", 0.0, 3.5)]


def test_an_episode_is_known_as_soon_as_it_cannot_change():
    _, known_s = build("jjjjjjjjssssssss")
    assert known_s == [2.0 + MIN_S, 4.0]


def test_means_are_over_time():
    episodes, _ = build("jjjjjjsjjj")
    (episode,) = episodes
    assert episode.valence == pytest.approx((9 * 0.5 - 0.5) / 10)
    assert episode.confidence == pytest.approx((9 * 0.7 + 0.05) / 10)
    assert episode.arousal == pytest.approx(-episode.valence / 2)


@given(st.text(alphabet="jsaf.", max_size=60))
def test_episodes_are_ordered_apart_and_long_enough(story):
    episodes, known_s = build(story)
    for before, after in itertools.pairwise(episodes):
        assert before.end_s <= after.start_s
    for episode, known in zip(episodes, known_s, strict=True):
        assert episode.end_s <= known
        assert len(story) * HOP_S < MIN_S or episode.end_s - episode.start_s >= MIN_S
    if story and "." not in story:
        assert episodes[0].start_s == 0.0
        assert episodes[-1].end_s == len(story) * HOP_S
        assert all(b.end_s == a.start_s for b, a in itertools.pairwise(episodes))
