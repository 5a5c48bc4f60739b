from __future__ import annotations

from itertools import count

import numpy as np
import pytest

from live_sentiment.core.types import ImageArray
from live_sentiment.sources.camera.freeze_detector import FrameState, FreezeDetector

NOISE = np.random.default_rng(0)
SCENE = NOISE.integers(0, 256, (120, 160, 3), np.uint8)


def noisy(image: ImageArray, deviation: float = 1.0) -> ImageArray:
    return np.clip(image + NOISE.normal(0, deviation, image.shape), 0, 255).round().astype(np.uint8)


def plain(colour: tuple[int, int, int]) -> ImageArray:
    return np.full((120, 160, 3), colour, np.uint8)


class Watched:
    """A watch of 5 s that is shown pictures at 10 per second."""

    def __init__(self) -> None:
        self._watch = FreezeDetector(5.0)
        self._ticks = count()

    def show(self, image: ImageArray, seconds: float, noise: float = 0.0) -> list[FrameState]:
        """What it says of each picture."""
        pictures = (noisy(image, noise) if noise else image.copy() for _ in range(round(seconds * 10)))
        return [self._watch(picture, next(self._ticks) / 10) for picture in pictures]


def test_a_still_scene_is_not_frozen_however_little_the_sensor_noise() -> None:
    assert set(Watched().show(SCENE, 60, noise=0.2)) == {FrameState.LIVE}


def test_the_same_picture_over_and_over_is_frozen_after_its_time_and_no_sooner() -> None:
    watched = Watched()
    watched.show(SCENE, 3, noise=1)
    sights = watched.show(SCENE, 7)
    assert sights[:50] == [FrameState.LIVE] * 50
    assert sights[50:] == [FrameState.FROZEN] * 20
    assert watched.show(SCENE, 1, noise=1) == [FrameState.LIVE] * 10


def test_one_pixel_in_any_row_is_enough_to_live() -> None:
    watch = FreezeDetector(5.0)
    image = SCENE.copy()
    for tick in range(200):
        image = image.copy()
        image[7, 11] += 1
        assert watch(image, tick / 10) is FrameState.LIVE


def test_a_camera_whose_driver_repeats_each_picture_a_few_times_is_not_frozen() -> None:
    watched = Watched()
    assert all(watched.show(noisy(SCENE), 0.6) == [FrameState.LIVE] * 6 for _ in range(50))


@pytest.mark.parametrize("colour", [(0, 0, 0), (0, 135, 0), (255, 255, 255)])
@pytest.mark.parametrize("noise", [0.0, 0.8])
def test_a_picture_of_one_colour_is_blank_with_noise_and_without(
    colour: tuple[int, int, int], noise: float
) -> None:
    watched = Watched()
    sights = watched.show(plain(colour), 8, noise)
    assert sights[:50] == [FrameState.LIVE] * 50
    assert sights[50:] == [FrameState.BLANK] * 30
    assert watched.show(SCENE, 1, noise=1) == [FrameState.LIVE] * 10


def test_between_the_thresholds_a_blank_picture_stays_what_it_was() -> None:
    watched = Watched()
    assert set(watched.show(plain((40, 40, 40)), 20, noise=3.0)) == {FrameState.LIVE}
    watched.show(plain((40, 40, 40)), 10)
    assert set(watched.show(plain((40, 40, 40)), 20, noise=3.0)) == {FrameState.BLANK}
    assert set(watched.show(plain((40, 40, 40)), 2, noise=6.0)) == {FrameState.LIVE}


def test_a_new_size_is_a_new_picture_and_a_reset_forgets() -> None:
    watched = Watched()
    watched.show(SCENE, 4.9)
    assert set(watched.show(SCENE[::2, ::2], 4.9)) == {FrameState.LIVE}
    watched._watch.reset()
    assert set(watched.show(SCENE[::2, ::2], 4.9)) == {FrameState.LIVE}
    assert FrameState.FROZEN in watched.show(SCENE[::2, ::2], 1)
