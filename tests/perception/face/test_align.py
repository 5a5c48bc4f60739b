"""From landmarks to the crop."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.perception.face.align import CROP_PX, TEMPLATE, align, similarity


def moved(points: np.ndarray, angle: float, scale: float, x: float, y: float) -> np.ndarray:
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    return points @ np.array([[cos, -sin], [sin, cos]]).T + [x, y]


@given(st.floats(-3, 3), st.floats(0.1, 20), st.floats(-500, 500), st.floats(-500, 500))
def test_any_turn_size_and_place_is_undone(angle: float, scale: float, x: float, y: float) -> None:
    matrix = similarity(moved(TEMPLATE, angle, scale, x, y))
    restored = moved(TEMPLATE, angle, scale, x, y) @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(restored, TEMPLATE, atol=1e-6)


def test_it_never_mirrors_or_stretches() -> None:
    landmarks = TEMPLATE * [-1.0, 1.3] + np.random.default_rng(0).normal(0, 2, TEMPLATE.shape)
    turn = similarity(landmarks)[:, :2]
    np.testing.assert_allclose(turn @ turn.T, np.linalg.det(turn) * np.eye(2), atol=1e-9)
    assert np.linalg.det(turn) > 0


def test_landmarks_on_one_point_are_refused() -> None:
    with pytest.raises(ValueError, match="one point"):
        similarity(np.ones((5, 2)))


@pytest.mark.parametrize("scale", [0.5, 1.0, 1.7, 4.0, 12.3])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_landmarks_come_to_lie_on_the_template_at_any_size(scale: float, angle: float) -> None:
    landmarks = moved(TEMPLATE, angle, scale, 250, 200)
    rows, columns = np.mgrid[:900, :900]
    spread = 2 * max(1.2 * scale, 0.8) ** 2
    spots = sum(np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / spread) for x, y in landmarks)
    crop = align(np.stack([250 * spots] * 3, axis=-1).astype(np.uint8), landmarks)
    assert crop.shape == (CROP_PX, CROP_PX)
    rows, columns = np.mgrid[:CROP_PX, :CROP_PX]
    for x, y in TEMPLATE:
        near = np.hypot(rows - y, columns - x) < 4.5
        weight = crop * near
        middle = (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()
        assert middle == pytest.approx((x, y), abs=0.35)


def test_a_large_face_is_averaged_down_rather_than_aliased() -> None:
    stripes = np.zeros((960, 960, 3), np.uint8)
    stripes[:, ::2] = 200
    crop = align(stripes, TEMPLATE * 20)[1:-1, 1:-1]
    assert crop.std() < 3
    assert crop.mean() == pytest.approx(100, abs=3)


def test_beyond_the_picture_the_edge_repeats() -> None:
    picture = np.full((100, 100, 3), 90, np.uint8)
    assert (align(picture, TEMPLATE * 3 - 60) == 90).all()


def test_a_colour_cast_of_equal_luminance_changes_next_to_nothing() -> None:
    grey = np.random.default_rng(0).integers(40, 160, (200, 200)).astype(np.uint8)
    grey = cv2.GaussianBlur(grey, (0, 0), 5)
    plain = np.stack([grey] * 3, axis=-1)
    warm = np.clip(plain * np.array([0.6, 0.99, 1.175]), 0, 255).astype(np.uint8)
    difference = align(plain, TEMPLATE * 4).astype(float) - align(warm, TEMPLATE * 4)
    assert np.abs(difference).mean() < 2
