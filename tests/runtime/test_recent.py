"""What the dashboard is given: the last minute, whatever came before."""

from __future__ import annotations

from live_sentiment.core.types import Event, Transcript
from live_sentiment.runtime.recent import EVENTS, Recent
from live_sentiment.runtime.snapshot import HISTORY_S, Snapshot
from live_sentiment.sinks import Sink
from live_sentiment.timeline.episodes import Episode
from tests.helpers.story import point, word

EMPTY = Snapshot("clip.mp4", "running", position_s=3.0)


def test_it_fills_a_snapshot_and_leaves_the_rest_of_it():
    recent = Recent()
    recent.point(point(0.25))
    recent.point(point(0.5, final=False))
    recent.words(Transcript((word("yes", 0.2),), (word("and", 0.4),), 0.2))
    recent.event(Event(0.1, "gap", "a gap"))
    recent.segment(Episode(0.0, 1.0, "joy", 0.5, 0.0, 0.0))
    snapshot = recent.fill(EMPTY)
    assert (snapshot.source, snapshot.position_s) == ("clip.mp4", 3.0)
    assert [p.time_s for p in snapshot.finals] == [0.25]
    assert [p.time_s for p in snapshot.provisionals] == [0.5]
    assert snapshot.latest is not None
    assert snapshot.latest.time_s == 0.5
    assert [w.text for w in snapshot.words] == ["yes"]
    assert [w.text for w in snapshot.partial_words] == ["and"]
    assert [e.kind for e in snapshot.events] == ["gap"]


def test_a_final_takes_the_place_of_its_preview():
    recent = Recent()
    for time_s in (0.25, 0.5, 0.75):
        recent.point(point(time_s, final=False))
    recent.point(point(0.25))
    recent.point(point(0.5))
    snapshot = recent.fill(EMPTY)
    assert [p.time_s for p in snapshot.provisionals] == [0.75]
    recent.point(point(0.75))
    snapshot = recent.fill(EMPTY)
    assert snapshot.provisionals == ()
    assert snapshot.latest is not None
    assert snapshot.latest.final


def test_before_the_first_point_there_is_none():
    assert Recent().fill(EMPTY) == EMPTY


def test_an_hour_is_no_more_than_a_minute():
    recent = Recent()
    for tick in range(1, 4 * 3600 + 1):
        time_s = tick * 0.25
        recent.point(point(time_s))
        recent.words(Transcript((word(f"w{tick}", time_s),), (), time_s))
        recent.event(Event(time_s, "gap", "a gap"))
    snapshot = recent.fill(EMPTY)
    assert len(snapshot.finals) == HISTORY_S / 0.25
    assert len(snapshot.words) == HISTORY_S / 0.25
    assert snapshot.finals[-1].time_s == 3600.0
    assert snapshot.words[-1].text == f"w{4 * 3600}"
    assert len(snapshot.events) == EVENTS


def test_the_guess_is_gone_at_the_end():
    recent: Sink = Recent()
    recent.words(Transcript((), (word("perhaps", 0.4),), 0.2))
    recent.close(complete=True)
    assert isinstance(recent, Recent)
    assert recent.fill(EMPTY).partial_words == ()
