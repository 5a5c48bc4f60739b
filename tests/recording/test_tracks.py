"""Fitting pictures into the size that was declared."""

from __future__ import annotations

import numpy as np
import pytest

from live_sentiment.recording import tracks
from live_sentiment.recording.tracks import letterboxed, picture_encoder


@pytest.mark.parametrize(
    ("size_px", "bright"),
    [
        ((640, 480), (slice(0, 48), slice(0, 64))),
        ((64, 96), (slice(0, 48), slice(16, 48))),
        ((320, 80), (slice(16, 32), slice(0, 64))),
        ((1000, 1), (slice(23, 24), slice(0, 64))),
    ],
)
def test_the_whole_picture_is_shown_with_bars_where_the_shapes_differ(size_px, bright):
    image = np.full((size_px[1], size_px[0], 3), 200, np.uint8)
    expected = np.zeros((48, 64, 3), np.uint8)
    expected[bright] = 200
    np.testing.assert_array_equal(letterboxed(image, 64, 48), expected)


def test_x264_is_chosen_where_it_is_there(monkeypatch):
    assert picture_encoder() == "libx264"
    monkeypatch.setattr(tracks, "ENCODERS", ("no such encoder", "mpeg4"))
    assert picture_encoder() == "mpeg4"
