"""The fixed conditions of the card do what their names say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from live_sentiment.training.data.face_data import VOTES, FacePictures
from live_sentiment.training.evaluation.face_hardships import CONDITIONS, dark, framed, half_hidden, side_lit
from live_sentiment.training.tasks.face import Faces


def faces(images: np.ndarray) -> Faces:
    votes = np.full((len(images), len(VOTES)), 1, np.uint8)
    return Faces.of(FacePictures(images, votes), np.tile(np.eye(2, 3, dtype=np.float32), (len(images), 1, 1)))


def spot(x: int, y: int) -> Faces:
    image = np.zeros((1, 48, 48), np.uint8)
    image[0, y, x] = 255
    return faces(image)


def place(crops: torch.Tensor) -> tuple[float, float]:
    rows, columns = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    weight = crops[0, 0] / crops[0, 0].sum()
    return float((weight * columns).sum()), float((weight * rows).sum())


@pytest.mark.parametrize(("zoom", "x"), [(1.15, 23.5 + 10.5 * 1.15), (0.85, 23.5 + 10.5 * 0.85)])
def test_a_tighter_frame_moves_things_outwards(zoom: float, x: float) -> None:
    found = place(framed(spot(34, 24), zoom=zoom))
    assert found == pytest.approx((x, 24), abs=0.6)


def test_turning_is_about_the_centre() -> None:
    x, y = place(framed(spot(40, 24), turn_deg=15))
    assert np.hypot(x - 23.5, y - 23.5) == pytest.approx(16.5, abs=0.6)
    assert abs(
        np.degrees(np.arctan2(y - 23.5, x - 23.5)) - np.degrees(np.arctan2(0.5, 16.5))
    ) == pytest.approx(15, abs=2)


@pytest.mark.parametrize("name", CONDITIONS)
def test_every_condition_gives_different_crops_of_the_same_shape(name: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 48, 48)).astype(np.uint8)
    crops = CONDITIONS[name](faces(images))
    assert crops.shape == (5, 1, 48, 48)
    assert not torch.equal(crops, faces(images).crops())


def test_light_and_hiding_are_where_they_should_be() -> None:
    grey = faces(np.full((1, 48, 48), 100, np.uint8))
    lit, hidden = side_lit(grey)[0, 0], half_hidden(grey)[0, 0]
    assert float(lit[:, -1].mean() / lit[:, 0].mean()) == pytest.approx(4, rel=0.01)
    assert float(hidden[16, 33]) == 128
    assert float(hidden[16, 14]) == 100
    assert float(dark(grey).mean()) == pytest.approx(25, abs=0.5)
