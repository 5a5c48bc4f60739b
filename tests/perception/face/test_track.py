"""Identities over frames, on faces made up here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live_sentiment.core.types import FaceTrack
from live_sentiment.models.face_detector import Detection
from live_sentiment.perception.face.track import KEEP_LOST_S, SCORE_HALF_LIFE_S, FaceTracker

POINTS = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], np.float32)


def face(x: float, y: float, size: float = 100.0, score: float = 0.9) -> Detection:
    """A face whose box is centred on (x, y)."""
    left, top = x - size / 2, y - size / 2
    return Detection((left, top, size, size), POINTS * size + np.float32([left, top]), score)


def centre(track: FaceTrack) -> tuple[float, float]:
    left, top, width, height = track.box
    return left + width / 2, top + height / 2


def people(tracks: list[FaceTrack]) -> list[int]:
    return [track.person for track in tracks]


def test_a_face_is_a_person_from_its_first_frame() -> None:
    (found,) = FaceTracker().update(0.0, [face(200, 150)])
    assert found.person == 1
    assert found.box == pytest.approx((150, 100, 100, 100))
    np.testing.assert_allclose(found.landmarks, face(200, 150).landmarks, rtol=1e-5)
    assert found.score == pytest.approx(0.9)


def test_between_detections_box_and_landmarks_go_on_moving() -> None:
    tracker = FaceTracker()
    for step in range(10):
        tracker.update(step * 0.1, [face(100 + 20 * step, 200)])
    (carried,) = tracker.carry(1.0)
    assert centre(carried)[0] == pytest.approx(300, abs=4)
    assert carried.landmarks[:, 0].mean() == pytest.approx(face(300, 200).landmarks[:, 0].mean(), abs=4)


def test_confidence_decays_by_time_while_only_tracked() -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150, score=0.8)])
    (carried,) = tracker.carry(SCORE_HALF_LIFE_S)
    assert carried.score == pytest.approx(0.4)


def test_two_people_keep_their_identities_whatever_the_order_of_detections() -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(100, 100), face(400, 100)])
    tracks = tracker.update(0.1, [face(405, 100), face(105, 100)])
    assert {track.person: round(centre(track)[0], -1) for track in tracks} == {1: 100, 2: 400}


def test_people_who_pass_each_other_keep_their_identities() -> None:
    tracker = FaceTracker()
    for step in range(41):
        x = 100 + 10 * step
        tracks = tracker.update(step * 0.1, [face(x, 100), face(600 - x, 135)])
    assert {track.person: round(centre(track)[0]) > 300 for track in tracks} == {1: True, 2: False}


@pytest.mark.parametrize("rate_hz", [5.0, 25.0])
def test_who_looks_away_briefly_keeps_the_identity_at_any_frame_rate(rate_hz: float) -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    for step in range(1, int((KEEP_LOST_S - 0.5) * rate_hz)):
        assert tracker.update(step / rate_hz, []) == []
    assert people(tracker.update(KEEP_LOST_S - 0.3, [face(230, 160)])) == [1]


def test_who_comes_back_beside_the_old_place_keeps_the_identity() -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    tracker.update(0.5, [])
    assert people(tracker.update(1.0, [face(285, 150)])) == [1]


@pytest.mark.parametrize("newcomer", [face(500, 150), face(200, 150, size=300)])
def test_someone_elsewhere_or_of_another_size_is_someone_else(newcomer: Detection) -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    assert people(tracker.update(0.2, [newcomer])) == [2]


def test_a_face_that_is_not_found_is_not_reported_and_in_time_forgotten() -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    assert tracker.update(0.1, []) == []
    assert tracker.carry(0.2) == []
    assert people(tracker.update(KEEP_LOST_S + 0.1, [face(200, 150)])) == [2]


def test_a_lost_face_does_not_drift_out_of_reach() -> None:
    tracker = FaceTracker()
    for step in range(10):
        tracker.update(step * 0.1, [face(100 + 10 * step, 200)])
    tracker.update(1.0, [])
    assert people(tracker.update(2.5, [face(220, 200)])) == [1]


GREY = np.random.default_rng(0).integers(0, 256, (2, 48, 48)).astype(np.uint8)
"""Two faces that do not resemble each other."""


@pytest.mark.parametrize(("shown", "person"), [(0, 1), (1, 2)])
def test_over_a_cut_only_a_face_that_looks_like_it_continues_a_track(shown: int, person: int) -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    tracker.remember({1: GREY[0]})
    seen = tracker.update(0.1, [face(200, 150)], shot=1, crop_of=lambda _: GREY[shown])
    assert people(seen) == [person]
    assert people(tracker.carry(0.2)) == [person]


def test_who_is_back_with_the_earlier_shot_keeps_the_identity() -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    assert people(tracker.update(0.5, [face(200, 150)], shot=1)) == [2]
    assert people(tracker.update(1.0, [face(200, 150)], shot=0)) == [1]


def test_reset_starts_counting_again() -> None:
    tracker = FaceTracker()
    tracker.update(0.0, [face(200, 150)])
    tracker.reset()
    assert people(tracker.update(0.0, [face(400, 400)])) == [1]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000), st.integers(10, 300)), max_size=4),
        max_size=8,
    )
)
def test_identities_are_unique_in_a_frame_boxes_are_real_and_runs_repeat(
    frames: list[list[tuple[int, int, int]]],
) -> None:
    def run() -> list[list[FaceTrack]]:
        tracker = FaceTracker()
        return [
            tracker.update(index * 0.24, [face(*map(float, one)) for one in frame])
            for index, frame in enumerate(frames)
        ]

    first, second = run(), run()
    for frame, tracks, again in zip(frames, first, second, strict=True):
        assert len(tracks) == len(frame)
        assert len(set(people(tracks))) == len(tracks)
        assert all(np.isfinite(track.landmarks).all() and min(track.box[2:]) > 0 for track in tracks)
        assert [(track.person, track.box) for track in tracks] == [(t.person, t.box) for t in again]
