"""The timeline as the session uses it: provisional and final ticks, absence, segments."""

from __future__ import annotations

import numpy as np
import pytest

from live_sentiment.core.config import TimelineConfig
from live_sentiment.core.types import EMOTIONS, Affect, TimelinePoint
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.smoother import Smoother
from live_sentiment.timeline.timeline import Segment, Timeline
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import ABSENT, HOP_S, affect, person, window, word

CONFIG = TimelineConfig()


def run(results: list[Affect | None], timeline: Timeline) -> tuple[list[TimelinePoint], list[Segment]]:
    points: list[TimelinePoint] = []
    segments: list[Segment] = []
    for index, result in enumerate(results, start=1):
        presence = ABSENT if result is None else None
        point, closed = timeline.final(window(index, presence=presence), result, ())
        points.append(point)
        segments += closed
    return points, [*segments, *timeline.finish()]


def same(one: TimelinePoint, other: TimelinePoint) -> bool:
    return (
        np.array_equal(one.affect.emotions, other.affect.emotions)
        and np.array_equal(one.affect.polarity, other.affect.polarity)
        and (one.affect.valence, one.affect.arousal) == (other.affect.valence, other.affect.arousal)
        and one.emotion == other.emotion
    )


def test_a_point_carries_what_it_rests_on():
    timeline = Timeline(CONFIG)
    people = (person(1), person(2, speaking=False))
    point, _ = timeline.final(window(1, words=(word("hello", 0.2),)), affect("joy"), people)
    assert point.time_s == HOP_S
    assert point.final
    assert point.emotion == "joy"
    assert point.people == people
    assert point.affect.shares == affect().shares
    assert point.affect.effects == affect().effects
    assert [w.text for w in point.words] == ["hello"]
    assert point.affect.emotions.dtype == np.float32
    assert point.affect.emotions.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("affect_filter", ["none", "ema", "one-euro", "kalman"])
@pytest.mark.parametrize("emotion_filter", ["none", "ema", "hmm"])
def test_every_filter_of_the_configuration_follows_a_change(affect_filter, emotion_filter):
    config = TimelineConfig(affect_filter=affect_filter, emotion_filter=emotion_filter)
    points, segments = run(
        [affect("joy", valence=0.6)] * 20 + [affect("sadness", valence=-0.6)] * 20, Timeline(config)
    )
    assert [p.emotion for p in (points[19], points[-1])] == ["joy", "sadness"]
    assert points[-1].affect.valence == pytest.approx(-0.6, abs=0.05)
    assert [s.emotion for s in segments if isinstance(s, Episode)] == ["joy", "sadness"]


def test_each_word_is_told_once_in_the_tick_in_which_it_ended():
    timeline = Timeline(CONFIG)
    words = tuple(word(f"w{n}", n * 0.1) for n in range(1, 31))
    told = [
        [w.text for w in timeline.final(window(i, words=words_until(words, i)), affect(), ())[0].words]
        for i in range(1, 13)
    ]
    assert told[0] == ["w1", "w2"]
    assert told[1] == ["w3", "w4", "w5"]
    assert [text for tick in told for text in tick] == [w.text for w in words]


def words_until(words, index):
    end_s = index * HOP_S
    return tuple(w for w in words if end_s - 4.0 < w.end_s <= end_s)


def test_without_any_modality_the_state_fades_and_says_so():
    timeline = Timeline(CONFIG)
    points, _ = run([affect("joy", probability=0.9, valence=0.8)] * 20 + [None] * 40, timeline)
    faded = points[-1]
    assert faded.presence == ABSENT
    assert faded.affect.shares == {}
    assert faded.affect.effects == {}
    assert faded.emotion == "joy"
    np.testing.assert_allclose(faded.affect.emotions, 1 / 7, atol=1e-3)
    assert faded.affect.valence == pytest.approx(0.0, abs=1e-3)
    assert 0.0 < points[21].affect.valence < points[19].affect.valence


def test_before_any_evidence_it_is_neutral_and_unsure():
    point, segments = Timeline(CONFIG).final(window(1, presence=ABSENT), None, ())
    assert point.emotion == "neutral"
    np.testing.assert_allclose(point.affect.emotions, 1 / 7, atol=1e-6)
    assert segments == ()


def test_priors_are_what_it_fades_to():
    prior = np.array([0.4, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])
    timeline = Timeline(CONFIG, emotion_prior=prior, polarity_prior=np.array([0.5, 0.3, 0.2]))
    point, _ = timeline.final(window(1, presence=ABSENT), None, ())
    np.testing.assert_allclose(point.affect.emotions, prior, atol=1e-6)
    np.testing.assert_allclose(point.affect.polarity, [0.5, 0.3, 0.2], atol=1e-6)


def test_a_provisional_of_the_next_tick_is_what_its_final_will_be():
    timeline = Timeline(CONFIG)
    run([affect("joy", valence=0.5)] * 8, timeline)
    later = affect("anger", valence=-0.5)
    provisional = timeline.provisional(window(9, final=False), later, ())
    assert not provisional.final
    final, _ = timeline.final(window(9), later, ())
    assert same(provisional, final)


def test_provisionals_far_ahead_are_as_smooth_as_finals_and_leave_no_trace():
    results = [affect("joy", valence=0.5)] * 10 + [affect("fear", valence=-0.4)] * 10
    expected, _ = run(results, Timeline(CONFIG))
    timeline = Timeline(CONFIG)
    ahead: dict[int, TimelinePoint] = {}
    finals: list[TimelinePoint] = []
    for index, result in enumerate(results, start=1):
        ahead[index] = timeline.provisional(window(index, final=False), result, ())
        if index > 5:
            finals.append(timeline.final(window(index - 5), results[index - 6], ())[0])
    for final, wanted in zip(finals, expected, strict=False):
        assert same(final, wanted)
    for index, wanted in enumerate(expected, start=1):
        assert same(ahead[index], wanted)


def test_a_final_that_differs_from_its_preview_corrects_what_follows():
    timeline = Timeline(CONFIG)
    for index in (1, 2, 3):
        timeline.provisional(window(index, final=False), None, ())
    timeline.final(window(1), affect("joy", probability=0.95), ())
    assert timeline.provisional(window(4, final=False), None, ()).emotion == "joy"


def test_ticks_out_of_order_are_refused():
    timeline = Timeline(CONFIG)
    timeline.final(window(4), affect(), ())
    with pytest.raises(ValueError, match="comes after"):
        timeline.final(window(4), affect(), ())
    with pytest.raises(ValueError, match="comes after"):
        timeline.provisional(window(3, final=False), affect(), ())


def test_segments_come_as_they_become_certain():
    timeline = Timeline(TimelineConfig(affect_filter="none", emotion_filter="none"))
    results = [affect("joy", valence=0.5)] * 20 + [affect("sadness", valence=-0.5)] * 20
    results += [affect("joy", valence=0.5)] * 20
    _, segments = run(results, timeline)
    episodes = [s for s in segments if isinstance(s, Episode)]
    assert [(e.emotion, e.start_s, e.end_s) for e in episodes] == [
        ("joy", 0.0, 5.0),
        ("sadness", 5.0, 10.0),
        ("joy", 10.0, 15.0),
    ]
    assert [(t.kind, t.time_s) for t in segments if isinstance(t, TurningPoint)] == [("trough", 5.25)]


def test_an_analysis_that_starts_late_starts_its_first_episode_there():
    timeline = Timeline(CONFIG)
    for index in range(41, 49):
        timeline.final(window(index), affect("joy"), ())
    (episode,) = timeline.finish()
    assert (episode.start_s, episode.end_s) == (10.0, 12.0)


def test_smoother_peeks_and_forgets():
    smoother = Smoother(CONFIG)
    smoother.update(affect("joy"), 1.0)
    peeked = smoother.peek(affect("anger", probability=0.99), 9.0)
    assert peeked.emotion == "anger"
    assert smoother.update(None, 9.0).emotion == "joy"
    smoother.reset()
    assert smoother.update(None, 10.0).emotion == "neutral"
    assert EMOTIONS.index("neutral") == 0
