"""From decoded pictures to images as they are meant to be shown: upright, with square pixels, in SDR."""

from __future__ import annotations

import gc
import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import ColorPrimaries, ColorTrc, Interpolation, VideoReformatter

from live_sentiment.core.types import ImageArray

MOST_ASPECT = 8
"""A pixel that is said to be wider or higher than this by a factor is a mistake: anamorphic film has 2."""


def _kind_unknown_to_pyav(kinds: Any, value: int) -> Any:
    """A member for a kind of side data that FFmpeg has and PyAV does not, such as Exif (31).

    Without it PyAV raises ValueError for every frame that carries one, as the photos of phones do, and the
    kinds that it does know cannot be read either.
    """
    member = object.__new__(kinds)
    member._name_, member._value_ = f"UNKNOWN_{value}", value
    return member


SideDataType._missing_ = classmethod(_kind_unknown_to_pyav)  # type: ignore[assignment, method-assign]
_LARGE_PX = 4_000_000


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a decoded picture must be turned to stand upright: first mirrored, then rotated."""

    mirrored: bool = False
    """Flipped left to right."""
    quarter_turns: int = 0
    """Counter-clockwise, 0 to 3."""


def orientation(frame: Any) -> Orientation:
    """The orientation that a frame's display matrix asks for, to the nearest quarter turn.

    The matrix is 3 × 3, row by row, in 16.16 fixed point (the last column 2.30): a point (x, y) of the
    picture, y down, is shown at (a x + c y, b x + d y), as ISO/IEC 14496-12 has it for the track header.
    """
    data = frame.side_data.get(SideDataType.DISPLAYMATRIX)
    if data is None:
        return Orientation()
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(data))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    # The x axis is shown along (a, b); with y down, its angle on the screen runs clockwise.
    clockwise = round(math.atan2(b, a) / (math.pi / 2))
    return Orientation(mirrored, -clockwise % 4)


def shown_size(frame: Any, pixel_aspect: Fraction = Fraction(1)) -> tuple[int, int]:
    """Width and height in pixels of the picture as players show it: square pixels, not turned yet.

    The lines stay as they are and become longer or shorter, so that no line has to be made up.
    """
    return max(round(frame.width * pixel_aspect), 1), frame.height


class PixelAspect:
    """Width over height of one pixel (the sample aspect ratio) of a video stream, as players take it.

    What the container states goes before what the coded pictures state (`av_guess_sample_aspect_ratio`);
    only the latter may change within a stream. Unknown, and nonsense, is square.
    """

    def __init__(self, stream: Any) -> None:
        self._codec = stream.codec_context
        stated = _plausible(stream.sample_aspect_ratio)
        coded = _plausible(self._codec.sample_aspect_ratio)
        self._container = None if stated == coded else stated

    @property
    def now(self) -> Fraction:
        """Of the picture decoded last."""
        return self._container or _plausible(self._codec.sample_aspect_ratio) or Fraction(1)


def _plausible(aspect: Fraction | None) -> Fraction | None:
    known = aspect is not None and 1 / MOST_ASPECT <= aspect <= MOST_ASPECT
    return aspect if known else None


class PictureConverter:
    """Turns decoded frames of any pixel format, depth and size into uint8 BGR images as they are shown.

    High dynamic range (ITU-R BT.2100: PQ and HLG) is tone-mapped to BT.709 by FFmpeg's scaler, which prepares
    a table for it once, for some seconds.

    Args:
        stream: the video stream that the frames come from.
        longest_px: larger pictures are scaled down while they are converted, to this longer side; None
            leaves them as they are.
    """

    def __init__(self, stream: Any, longest_px: int | None = None) -> None:
        self._reformatter = VideoReformatter()  # keeps the scaler's tables from frame to frame
        self._aspect = PixelAspect(stream)
        self._longest_px = longest_px
        self._turn: tuple[object, Orientation] = (None, Orientation())
        self._lingers = False  # whether the picture before is one that only the garbage collector lets go

    def __call__(self, frame: Any) -> ImageArray:
        """The upright picture, shape (height, width, 3), contiguous."""
        if self._lingers:
            self._lingers = False
            gc.collect()
        width, height = self._scaled(*shown_size(frame, self._aspect.now))
        image = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="bgr24",
            interpolation=Interpolation.BILINEAR if width >= frame.width else Interpolation.AREA,
            **_to_standard_range(frame),
        ).to_ndarray()
        turn = self._orientation(frame)
        if turn.mirrored:
            image = image[:, ::-1]
        if turn.quarter_turns:
            image = np.rot90(image, turn.quarter_turns)
        return np.ascontiguousarray(image)

    def scale(self, frame: Any) -> float:
        """By how much the picture is larger as shown than the image that is made of it; at least 1."""
        width, height = shown_size(frame, self._aspect.now)
        return max(width, height) / max(self._scaled(width, height))

    def _scaled(self, width: int, height: int) -> tuple[int, int]:
        longest = max(width, height)
        if self._longest_px is None or longest <= self._longest_px:
            return width, height
        return (
            max(width * self._longest_px // longest, 1),
            max(height * self._longest_px // longest, 1),
        )

    def _orientation(self, frame: Any) -> Orientation:
        # PyAV's frames that were asked for their side data refer to themselves, and live until the garbage
        # collector looks: so only the first one is, and again when something about the turn has changed.
        key = (frame.rotation, frame.width, frame.height)
        if self._turn[0] != key:
            self._turn = (key, orientation(frame))
            self._lingers = frame.width * frame.height > _LARGE_PX
        return self._turn[1]


def _to_standard_range(frame: Any) -> dict[str, Any]:
    """What the scaler must be asked for a picture of high dynamic range; nothing for any other."""
    if frame.color_trc not in (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67):
        return {}
    if frame.color_primaries == ColorPrimaries.UNSPECIFIED:
        frame.color_primaries = ColorPrimaries.BT2020
    return {"dst_color_trc": ColorTrc.BT709, "dst_color_primaries": ColorPrimaries.BT709}
