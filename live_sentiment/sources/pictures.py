"""From decoded pictures to upright BGR images, and which of them are worth converting."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.reformatter import VideoReformatter

from live_sentiment.types import ImageArray


def _kind_unknown_to_pyav(kinds: Any, value: int) -> Any:
    """A member for a kind of side data that FFmpeg has and PyAV does not, such as Exif (31).

    Without it PyAV raises ValueError for every frame that carries one, as the photos of phones do, and the
    kinds that it does know cannot be read either.
    """
    member = object.__new__(kinds)
    member._name_, member._value_ = f"UNKNOWN_{value}", value
    return member


SideDataType._missing_ = classmethod(_kind_unknown_to_pyav)  # type: ignore[assignment, method-assign]


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


class PictureConverter:
    """Turns decoded frames of any pixel format, depth and size into upright uint8 BGR images."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()  # keeps the scaler's tables from frame to frame

    def __call__(self, frame: Any) -> ImageArray:
        """The upright picture, shape (height, width, 3), contiguous."""
        image = self._reformatter.reformat(frame, format="bgr24").to_ndarray()
        turn = orientation(frame)
        if turn.mirrored:
            image = image[:, ::-1]
        if turn.quarter_turns:
            image = np.rot90(image, turn.quarter_turns)
        return np.ascontiguousarray(image)
