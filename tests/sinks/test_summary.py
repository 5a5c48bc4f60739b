"""The figures at the end."""

from __future__ import annotations

import json

import pytest

from live_sentiment.core.types import Event, Transcript
from live_sentiment.sinks import Sink
from live_sentiment.sinks.summary import TURNING_POINTS, Summarizer
from live_sentiment.timeline.episodes import Episode
from live_sentiment.timeline.turning import TurningPoint
from tests.helpers.story import ABSENT, PRESENT, point, word


def turning(time_s: float, swing: float) -> TurningPoint:
    return TurningPoint(time_s, "peak", swing / 2, -swing / 2, ())


def test_it_sums_up_a_session():
    summarizer = Summarizer()
    sink: Sink = summarizer
    sink.words(Transcript((word("yes", 0.2),), (), 0.2))
    sink.point(point(0.25, valence=0.6, words=(word("yes", 0.2),)))
    sink.point(point(0.5, valence=0.9, final=False))
    sink.point(point(0.5, valence=0.2, presence={**PRESENT, "vision": ABSENT["vision"]}))
    sink.point(point(0.75, valence=-0.9, presence=ABSENT))
    sink.point(point(1.0, valence=0.1))
    for segment in (Episode(0.0, 0.5, "joy", 0.7, 0.4, 0.0), Episode(0.5, 3.0, "anger", 0.7, 0.4, 0.0)):
        sink.segment(segment)
    sink.segment(Episode(4.0, 5.0, "joy", 0.7, 0.4, 0.0))
    sink.segment(turning(0.5, 0.5))
    sink.event(Event(0.1, "gap", "a gap"))
    sink.close(complete=True)
    summary = summarizer.summary()
    assert summary.duration_s == 1.0
    assert summary.complete
    assert list(summary.emotion_s.items()) == [("anger", 2.5), ("joy", 1.5)]
    assert summary.valence == pytest.approx(0.3)
    assert summary.arousal == pytest.approx(-0.15)
    assert summary.presence == {"text": 0.75, "voice": 0.75, "vision": 0.5}
    assert summary.reasons["vision"] == {"no face": 0.5}
    assert summary.counts == {"points": 4, "words": 1, "episodes": 3, "turning_points": 1, "events": 1}


def test_nothing_is_summed_up_without_numbers_made_up():
    summary = Summarizer().summary()
    assert summary.valence is None
    assert summary.arousal is None
    assert summary.emotion_s == {}
    assert not summary.complete


def test_only_the_largest_turning_points_are_kept_in_time_order():
    summarizer = Summarizer()
    for tick in range(100):
        summarizer.segment(turning(float(tick), 0.3 + (tick * 37 % 100) / 100))
    kept = summarizer.summary().turning_points
    assert len(kept) == TURNING_POINTS
    assert sorted(t.time_s for t in kept) == [t.time_s for t in kept]
    assert min(t.valence * 2 for t in kept) == pytest.approx(0.3 + (100 - TURNING_POINTS) / 100)
    assert summarizer.summary().counts["turning_points"] == 100


def test_its_fields_are_plain_data():
    summarizer = Summarizer()
    summarizer.point(point(0.25, valence=0.123456, presence=ABSENT))
    summarizer.point(point(0.5, valence=0.123456, presence={**PRESENT, "text": ABSENT["text"]}))
    summarizer.segment(Episode(0.0, 0.5, "joy", 0.7, 0.4, 0.0))
    summarizer.segment(turning(0.25, 0.5))
    fields = json.loads(json.dumps(summarizer.summary().fields()))
    assert fields["valence"] == 0.1235
    assert fields["emotions"] == {"joy": 0.5}
    assert fields["absent"]["text"] == {"no words": 1.0}
    assert fields["turning_points"][0]["kind"] == "peak"
    assert Summarizer().summary().fields()["valence"] is None
