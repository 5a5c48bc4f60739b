"""Pictures of a replay, looked at from any of its moments."""

from __future__ import annotations

import numpy as np
import pytest

from live_sentiment.core.types import VideoFrame
from live_sentiment.runtime.playback import Story
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.sources.media.filmstrip import Filmstrip
from tests.helpers.story import point

BOX = (320.0, 160.0, 80.0, 120.0)


def frame(time_s: float, level: int = 0, size: tuple[int, int] = (480, 640)) -> VideoFrame:
    return VideoFrame(np.full((*size, 3), level, np.uint8), time_s)


def test_the_picture_of_a_moment_is_the_last_one_before_it() -> None:
    strip = Filmstrip()
    for second in range(5):
        strip.saw(frame(float(second), 40 * second), ())
    picture = strip.at(2.7)
    assert picture is not None
    assert picture.time_s == 2.0
    assert picture.image.mean() == pytest.approx(80, abs=3)


def test_there_is_none_before_the_first_and_long_after_the_last() -> None:
    strip = Filmstrip()
    strip.saw(frame(10.0), ())
    assert strip.at(9.9) is None
    assert strip.at(11.0) is not None
    assert strip.at(11.1) is None


def test_pictures_are_small_and_their_boxes_with_them() -> None:
    strip = Filmstrip()
    strip.saw(frame(0.0), (BOX,))
    picture = strip.at(0.0)
    assert picture is not None
    high, wide = picture.image.shape[:2]
    assert max(high, wide) < 200
    left, top, *_ = picture.boxes[0]
    assert left / wide == pytest.approx(0.5, abs=0.02)
    assert top / high == pytest.approx(1 / 3, abs=0.02)


def test_no_more_than_four_a_second_are_kept() -> None:
    strip = Filmstrip()
    for number in range(100):
        strip.saw(frame(number / 25), ())
    seen = {picture.time_s for at in range(400) if (picture := strip.at(at / 100))}
    assert len(seen) == 16


def test_a_story_shows_the_picture_of_the_playhead() -> None:
    story = Story()
    for second in range(1, 6):
        story.point(point(float(second)))
        story.saw(frame(float(second), 40 * second), (BOX,))
    early, late = (story.view(Snapshot("clip", "running"), at_s).picture for at_s in (1.5, 5.0))
    assert early is not None
    assert late is not None
    assert (early.time_s, late.time_s) == (1.0, 5.0)
