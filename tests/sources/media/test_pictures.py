"""Pictures as they are shown: square pixels, standard dynamic range, not larger than is of use."""

from __future__ import annotations

import gc
from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorTrc
from numpy.typing import NDArray

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import VideoFrame
from live_sentiment.export.footage import Footage, Shot
from live_sentiment.sources.media import container
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import media_factory as factory

Levels = NDArray[np.float64]


def first_frame(source: MediaSource) -> VideoFrame:
    return next(item for item in source if isinstance(item, VideoFrame))


@pytest.mark.parametrize(
    ("aspect", "width_px"),
    [
        (Fraction(2), 256),
        (Fraction(7, 5), 179),
        (Fraction(16, 15), 137),
        (Fraction(1, 2), 64),
        (Fraction(1, 1), 128),
        (Fraction(0, 1), 128),
        (Fraction(1, 5000), 128),
    ],
)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(
    tmp_path: Path, aspect: Fraction, width_px: int, name: str
) -> None:
    path = factory.write_media(
        tmp_path / name,
        pictures=[(time_s, factory.quadrants()) for time_s in factory.steady(0.2)],
        video_codec="libx264",
        pixel_aspect=aspect,
    )
    source = MediaSource(path)
    frame = first_frame(source)
    assert frame.image.shape == (96, width_px, 3)
    assert (source.info.width_px, source.info.height_px) == (width_px, 96)
    assert frame.scale == 1.0
    assert frame.image[20, width_px // 2 - 8, 2] > 190 > frame.image[20, width_px // 2 + 8, 2]
    with Footage(path) as footage:
        shot = next(piece for piece in footage.pieces() if isinstance(piece, Shot))
    np.testing.assert_array_equal(shot.image, frame.image)


def test_wide_pixels_of_a_turned_picture_make_it_higher(tmp_path: Path) -> None:
    path = factory.write_media(
        tmp_path / "a.mp4",
        pictures=[(0.0, factory.quadrants())],
        video_codec="libx264",
        pixel_aspect=Fraction(2),
        display_matrix=(0, factory.ONE, -factory.ONE, 0),
    )
    source = MediaSource(path)
    assert first_frame(source).image.shape == (256, 96, 3)
    assert (source.info.width_px, source.info.height_px) == (96, 256)


@pytest.mark.parametrize("turned", [False, True])
def test_a_large_picture_is_scaled_down_and_says_by_how_much(tmp_path: Path, *, turned: bool) -> None:
    path = factory.write_media(
        tmp_path / "a.mp4",
        pictures=[(0.0, factory.quadrants(300, 400))],
        display_matrix=(0, factory.ONE, -factory.ONE, 0) if turned else None,
    )
    frame = first_frame(MediaSource(path, longest_px=100))
    assert frame.image.shape == ((100, 75, 3) if turned else (75, 100, 3))
    assert frame.scale == 4.0
    whole = first_frame(MediaSource(path, longest_px=400))
    assert (max(whole.image.shape), whole.scale) == (400, 1.0)
    averaged = whole.image.reshape(*(n for side in frame.image.shape[:2] for n in (side, 4)), 3).mean((1, 3))
    assert np.abs(averaged - frame.image).mean() < 2


def test_pictures_of_absurd_size_are_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "MOST_PIXELS", 1000)
    path = factory.write_media(tmp_path / "a.mp4", pictures=[(0.0, factory.quadrants())])
    with pytest.raises(UsageError, match=r"have 128 × 96 pixels; .* Make them smaller"):
        list(MediaSource(path))


GREYS = np.array([40, 80, 128, 180, 220])
WHITE_NITS = 203
"""Reference white of high dynamic range (ITU-R BT.2408)."""


def pq(nits: Levels) -> Levels:
    """SMPTE ST 2084: the code in [0, 1] of a luminance."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = (nits / 10_000) ** m1
    code: Levels = ((c1 + c2 * power) / (1 + c3 * power)) ** m2
    return code


def hlg(nits: Levels) -> Levels:
    """ARIB STD-B67 on a display of 1000 nits, whose gamma of 1.2 is undone first: the code in [0, 1]."""
    scene = (nits / 1000) ** (1 / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-6)) + c)


@pytest.mark.parametrize(
    ("transfer", "code"), [(ColorTrc.SMPTE2084, pq), (ColorTrc.ARIB_STD_B67, hlg)], ids=["PQ", "HLG"]
)
def test_high_dynamic_range_is_shown_as_bright_as_it_is(
    tmp_path: Path, transfer: ColorTrc, code: Callable[[Levels], Levels]
) -> None:
    """Five greys of a standard picture, written as HDR cameras would: dark and flat at their word."""
    written = np.round(code(WHITE_NITS * (GREYS / 255) ** 2.4) * 255).astype(np.uint8)
    image = np.repeat(np.repeat(written[None, :, None], 64, axis=0), 64, axis=1).repeat(3, axis=2)
    path = factory.write_media(
        tmp_path / "a.mkv",
        pictures=[(0.0, image)],
        video_codec="ffv1",
        pixel_format="yuv420p10le",
        transfer=transfer,
    )
    shown = first_frame(MediaSource(path)).image.reshape(64, len(GREYS), 64, 3)[32, :, 32].mean(axis=1)
    assert np.abs(written.astype(int) - GREYS).max() > 20
    np.testing.assert_allclose(shown, GREYS, atol=14)


def test_a_large_picture_does_not_linger(tmp_path: Path) -> None:
    """PyAV's frames that were asked for their side data refer to themselves."""
    path = factory.write_media(
        tmp_path / "a.mp4",
        pictures=((time_s, np.zeros((2048, 2560, 3), np.uint8)) for time_s in factory.steady(0.4)),
        video_codec="mpeg4",
    )
    gc.collect()
    gc.disable()  # what it collects by itself, and when, is not what is tested
    try:
        items = iter(MediaSource(path, longest_px=320))
        seen = [item for item in islice(items, 6) if isinstance(item, VideoFrame)]
        decoded = [
            thing for thing in gc.get_objects() if type(thing) is av.VideoFrame and thing.width == 2560
        ]
        items.close()
    finally:
        gc.enable()
    assert len(seen) == 6
    assert all(frame.pts != 0 for frame in decoded)
