"""Figures of the summary, told from lines whose sums are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.export.recorded import open_recorded
from live_sentiment.report.facts import Facts, Stretch, facts_of

Line = dict[str, Any]
MakeSession = Callable[..., Path]
Make = Callable[..., Line]


@pytest.fixture
def summed(make_session: MakeSession) -> Callable[[list[Line]], Facts]:
    return lambda lines: facts_of(open_recorded(make_session(lines)))


def test_time_in_each_emotion_is_that_of_its_episodes(
    summed: Callable[[list[Line]], Facts], lines: list[Line]
) -> None:
    facts = summed(lines)
    assert facts.emotion_s == {"joy": 7.25, "neutral": 6.25}
    assert list(facts.emotion_s) == ["joy", "neutral"]
    assert facts.undecided_s == pytest.approx(1.0)


def test_means_leave_out_points_without_evidence(
    summed: Callable[[list[Line]], Facts], make_header: Make, make_point: Make
) -> None:
    nobody = make_point(0.5, absent=("text", "voice", "vision"))
    points = [make_point(0.25), nobody, make_point(0.75)]
    nobody["valence"] = nobody["arousal"] = -1.0
    facts = summed([make_header(), *points])
    assert facts.valence == pytest.approx((points[0]["valence"] + points[2]["valence"]) / 2)
    assert facts.arousal == pytest.approx((points[0]["arousal"] + points[2]["arousal"]) / 2)


def test_without_any_evidence_there_is_no_mean(
    summed: Callable[[list[Line]], Facts], make_header: Make, make_point: Make
) -> None:
    facts = summed([make_header(), make_point(0.25, absent=("text", "voice", "vision"))])
    assert facts.valence is None
    assert facts.arousal is None
    assert facts.present_s == {"text": 0.0, "voice": 0.0, "vision": 0.0}


def test_talking_bridges_pauses_and_not_silences(
    summed: Callable[[list[Line]], Facts], make_header: Make, make_point: Make, make_word: Make
) -> None:
    # 0.5 s, a pause of 0.5 s, 0.5 s: talking. Then 2 s of silence and half a second of talk.
    words = (make_word("a", 1.0, 1.5), make_word("b", 2.0, 2.5), make_word("c", 4.5, 5.0))
    facts = summed([make_header(), make_point(0.25, words=words), make_point(5.0)])
    assert facts.talking_s == pytest.approx(1.5 + 0.5)


def test_a_modality_is_missing_from_the_point_before_to_the_last_without_it(
    summed: Callable[[list[Line]], Facts], lines: list[Line]
) -> None:
    facts = summed(lines)
    assert facts.absences == (Stretch("vision", 3.0, 5.0, "no face"),)
    assert facts.present_s == {"text": 14.5, "voice": 14.5, "vision": 12.5}
    assert facts.missing_s("vision") == {"no face": 2.0}
    assert facts.missing_s("text") == {}


def test_a_new_reason_begins_a_new_stretch(
    summed: Callable[[list[Line]], Facts], make_header: Make, make_point: Make
) -> None:
    points = [make_point(time_s, absent=("vision",)) for time_s in (0.25, 0.5, 0.75, 1.0)]
    for point in points[2:]:
        point["presence"]["vision"]["reason"] = "camera lost"
    facts = summed([make_header(), *points])
    assert facts.absences == (
        Stretch("vision", 0.0, 0.5, "no face"),
        Stretch("vision", 0.5, 1.0, "camera lost"),
    )


def test_an_excerpt_lasts_from_where_it_begins(
    summed: Callable[[list[Line]], Facts], make_header: Make, make_point: Make
) -> None:
    lines = [make_header(start=60.0), make_point(60.25, absent=("text",)), make_point(60.5)]
    facts = summed(lines)
    assert facts.duration_s == pytest.approx(0.5)
    assert facts.absences == (Stretch("text", 60.0, 60.25, "no face"),)
