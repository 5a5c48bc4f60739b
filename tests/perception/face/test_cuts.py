"""Who is who over cuts: real faces in one place and at one size, one behind the other; light that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
import pytest

from live_sentiment.core.config import ComputeConfig, FaceConfig
from live_sentiment.core.types import ImageArray, VideoFrame
from live_sentiment.models import compute
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.face.analyze import FaceAnalyzer
from live_sentiment.perception.face.shots import ShotCounter
from tests.helpers.places import MEDIA, needs_media
from tests.helpers.stages import face_stage

HZ = 12.5
SIDE_PX = 320
"""Of the square pictures that every clip is brought to, its face in the middle."""

CLIPS = {
    "address": "address_20s_450p25.mp4",
    "speech": "speech_8s_512p25.mp4",
    "man": "grid/bbaf2n.mpg",
    "woman": "grid/lbbc2a.mpg",
    "glasses": "grid/lbax4n.mpg",
    "happy": "expressions_silent/mead256_happy_SILENT.mp4",
    "sad": "expressions_silent/mead256_sad_SILENT.mp4",
    "surprised": "expressions_silent/mead256_surprised_SILENT.mp4",
}

Pictures = Sequence[ImageArray]
Follow = Callable[[Iterable[ImageArray]], list[int | None]]


def pictures(name: str, seconds: float = 1.2, start_s: float = 0.0) -> Pictures:
    video = cv2.VideoCapture(str(MEDIA / CLIPS[name]))
    found = []
    while len(found) < round((start_s + seconds) * HZ):
        # Every clip has 25 frames a second.
        _, image = video.read()
        there, _ = video.read()
        assert there
        found.append(square(np.asarray(image, np.uint8)))
    video.release()
    return found[round(start_s * HZ) :]


def square(image: ImageArray) -> ImageArray:
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return np.asarray(cv2.resize(image[top : top + side, left : left + side], (SIDE_PX, SIDE_PX)), np.uint8)


def brightened(image: ImageArray, factor: float) -> ImageArray:
    return np.clip(image * factor, 0, 255).astype(np.uint8)


def blend(one: ImageArray, other: ImageArray, share: float) -> ImageArray:
    return np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8)


@pytest.fixture(scope="module")
def stage(model_store: ModelStore) -> FaceAnalyzer:
    device = compute.apply(ComputeConfig(device="cpu"))
    return face_stage(FaceConfig(rate_hz=HZ), model_store.path("yunet-2023mar"), device)


@pytest.fixture
def follow(stage: FaceAnalyzer) -> Follow:
    """The person seen in each picture, the largest if there are more; None if there is nobody."""

    def follow(images: Iterable[ImageArray]) -> list[int | None]:
        stage.reset()
        seen: list[int | None] = []
        for index, image in enumerate(images):
            people = stage(VideoFrame(image, index / HZ)).observations
            largest = max(people, key=lambda one: one.details["box"][3], default=None)
            seen.append(None if largest is None else largest.person)
        return seen

    return follow


PAIRS = [("address", "speech"), ("happy", "address"), ("man", "woman"), ("glasses", "man"), ("sad", "happy")]


@needs_media
@pytest.mark.media
@pytest.mark.models
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_behind_a_cut_another_face_is_another_person(follow: Follow, one: str, other: str) -> None:
    first, second = pictures(one), pictures(other)
    seen = follow([*first, *second, *first])
    assert set(seen[: len(first)]) == {1}
    assert set(seen[len(first) : len(first) + len(second)]) == {2}
    # Whoever it is, it is not the one in between.
    assert len(set(seen[-len(first) :])) == 1
    assert seen[-1] != 2


@needs_media
@pytest.mark.media
@pytest.mark.models
@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_a_change_of_light_is_no_other_person(follow: Follow, name: str, factor: float) -> None:
    lit = [
        brightened(image, factor if index // 5 % 2 else 1.0)
        for index, image in enumerate(pictures(name, 2.0))
    ]
    assert set(follow(lit)) == {1}


@needs_media
@pytest.mark.media
@pytest.mark.models
@pytest.mark.parametrize("name", ["address", "woman", "happy"])
@pytest.mark.parametrize("value", [0, 255])
def test_who_is_hidden_by_a_flash_or_a_dark_moment_is_the_same_person(
    follow: Follow, name: str, value: int
) -> None:
    images = list(pictures(name, 2.0))
    images[10:14] = [np.full_like(images[0], value)] * 4
    seen = follow(images)
    assert set(seen) == {1, None}


@needs_media
@pytest.mark.media
@pytest.mark.models
def test_a_cut_to_a_place_without_people_and_back_to_somebody_else(follow: Follow) -> None:
    empty = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    place = np.asarray(cv2.resize(empty, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
    first, second = pictures("address"), pictures("happy")
    seen = follow([*first, *[place] * 6, *second])
    assert seen[len(first) : len(first) + 6] == [None] * 6
    assert (seen[0], seen[-1]) == (1, 2)


def textured(seed: int) -> ImageArray:
    coarse = np.random.default_rng(seed).integers(40, 200, (12, 16, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def shots(images: Iterable[ImageArray], hz: float = HZ) -> list[int]:
    count = ShotCounter()
    return [count(index / hz, image) for index, image in enumerate(images)]


def test_every_cut_begins_a_shot() -> None:
    images = [textured(seed) for seed in (1, 2, 3) for _ in range(4)]
    assert shots(images) == [0] * 4 + [1] * 4 + [2] * 4


def test_a_shot_that_soon_comes_back_is_the_same_one() -> None:
    images = [textured(1)] * 4 + [textured(2)] * 4 + [textured(1)] * 4
    assert shots(images) == [0] * 4 + [1] * 4 + [0] * 4
    assert shots(images, hz=1.0) == [0] * 4 + [1] * 4 + [2] * 4


@pytest.mark.parametrize("shape", [(240, 320), (1080, 1920), (90, 2000), (3, 3), (1, 1)])
def test_pictures_of_any_shape_have_a_layout(shape: tuple[int, int]) -> None:
    image = np.asarray(cv2.resize(textured(1), shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    assert shots([image, image]) == [0, 0]


def test_a_flat_picture_is_no_shot_of_its_own() -> None:
    dark = np.full((240, 320, 3), 3, np.uint8)
    assert shots([textured(1), dark, dark, textured(1), dark, textured(2)]) == [0, 0, 0, 0, 0, 1]


def test_noise_light_and_motion_are_no_cut() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(textured(1) + rng.normal(0, 15, (240, 320, 3)), 0, 255) for _ in range(20)]
    flicker = [brightened(textured(1), factor) for factor in (1.0, 0.7, 1.3, 0.5) * 5]
    panned = [np.roll(textured(1), 2 * step, axis=1) for step in range(20)]
    for images in ([image.astype(np.uint8) for image in noisy], flicker, panned):
        assert set(shots(images)) == {0}
