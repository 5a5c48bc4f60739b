"""The camera's picture in half blocks: proportions, colours, boxes, and what stands in for it."""

from __future__ import annotations

import numpy as np
import pytest
from rich.style import Style
from rich.text import Text

from live_sentiment.runtime.snapshot import LiveHealth, Picture, Snapshot
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.terminal.picture import SHADES, camera_picture, fitted, shrink
from live_sentiment.terminal.theme import EMOTION_COLOURS
from tests.helpers.story import point

CAMERA = DeviceHealth("camera", "Cam", "running")


def picture(image: np.ndarray, *boxes: tuple[float, float, float, float]) -> Snapshot:
    return Snapshot("clip.mp4", "running", latest=point(1.0, "joy"), picture=Picture(image, 1.0, boxes))


def plain(level: int, high: int = 480, wide: int = 640) -> np.ndarray:
    return np.full((high, wide, 3), level, np.uint8)


def colours(line: Text, column: int) -> tuple[str, str]:
    """Of the upper and of the lower pixel of a cell."""
    (style,) = (span.style for span in line.spans if span.start <= column < span.end)
    assert isinstance(style, Style)
    assert style.color is not None
    assert style.bgcolor is not None
    return style.color.name, style.bgcolor.name


@pytest.mark.parametrize(
    ("shape", "cells"), [((480, 640), (32, 12)), ((720, 1280), (36, 10)), ((640, 480), (18, 12))]
)
def test_the_picture_keeps_its_proportions(shape: tuple[int, int], cells: tuple[int, int]) -> None:
    shown = picture(plain(0, *shape))
    assert shown.picture is not None
    assert fitted(shown.picture, 36, 12) == cells
    lines = camera_picture(shown, 36, 12, colour=True)
    assert (lines[0].cell_len, len(lines)) == cells


def test_a_cell_has_a_colour_for_each_of_its_two_pixels() -> None:
    image = plain(0, 24, 16)
    image[::2, :, 2] = 255  # every other row is red, and each becomes one pixel
    lines = camera_picture(picture(image), 16, 12, colour=True)
    assert {line.plain for line in lines} == {"▀" * 16}
    assert colours(lines[3], 5) == ("#f80808", "#080808")


def test_what_is_alike_is_sent_as_one() -> None:
    lines = camera_picture(picture(plain(77)), 32, 12, colour=True)
    assert [len(line.spans) for line in lines] == [1] * 12


def test_each_face_has_a_box_in_the_colour_of_the_emotion() -> None:
    image = plain(0, 240, 320)
    lines = camera_picture(picture(image, (80.0, 60.0, 160.0, 120.0)), 32, 12, colour=True)
    joy = EMOTION_COLOURS["joy"]
    assert colours(lines[6], 8)[0] == joy, "left side"
    assert colours(lines[6], 24)[0] == joy, "right side"
    assert joy in colours(lines[3], 15), "upper side"
    assert joy not in colours(lines[6], 15), "the face itself stays"


def test_boxes_that_reach_beyond_the_picture_are_drawn_at_its_edge() -> None:
    lines = camera_picture(picture(plain(0), (-50.0, -50.0, 5000.0, 5000.0)), 32, 12, colour=True)
    assert EMOTION_COLOURS["joy"] in colours(lines[0], 0)
    assert EMOTION_COLOURS["joy"] in colours(lines[-1], 31)


def test_without_colours_there_are_shades_and_lines() -> None:
    image = plain(0, 240, 320)
    image[:, 160:] = 255
    lines = camera_picture(picture(image, (80.0, 60.0, 160.0, 120.0)), 32, 12, colour=False)
    assert not any(line.spans for line in lines)
    assert lines[0].plain == SHADES[0] * 16 + SHADES[-1] * 16
    text = "\n".join(line.plain for line in lines)
    assert [text.count(corner) for corner in "┌┐└┘"] == [1, 1, 1, 1]


@pytest.mark.parametrize("size", [(1080, 1920), (48, 64), (3, 5)])
def test_a_small_picture_is_the_mean_of_a_large_one(size: tuple[int, int]) -> None:
    image = plain(10, *size)
    image[size[0] // 2 :] = 210
    small = shrink(image, 20, 10)
    assert small.shape == (10, 20, 3)
    assert small[0].mean() == 10
    assert small[-1].mean() == 210


def live(camera: DeviceHealth | None = CAMERA, *, paused: bool = False) -> Snapshot:
    shown = picture(plain(0))
    health = LiveHealth((camera,) if camera else (), paused=paused)
    return Snapshot("Cam", "running", picture=shown.picture, live=health)


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (Snapshot("clip.mp4", "starting"), "no picture yet"),
        (live(None), "no camera"),
        (live(DeviceHealth("camera", "Cam", "lost")), "camera lost"),
        (live(paused=True), "paused"),
    ],
)
def test_an_old_picture_never_passes_for_a_new_one(shown: Snapshot, says: str) -> None:
    (line,) = camera_picture(shown, 32, 12, colour=True)
    assert line.plain == says
