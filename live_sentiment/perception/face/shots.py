"""Cuts in a video: which shot each frame belongs to, and whether two crops show the same face.

A frame is reduced to its layout: where it is lighter or darker than its surroundings, on a small grid,
whatever the brightness. Consecutive frames of one shot have nearly the same layout, also when a lamp goes on
or a head moves fast; behind a cut the layout is another one. Latency: none.

Measured on twelve clips of faces: the layouts of frames 0.08, 0.24 and 1 s apart differ by up to 0.25, 0.43
and 0.70; gain, gamma and one-sided light change them by up to 0.28; frames of two clips differ by 0.39 or
more, where two people sit in the same studio, and by about 0.9 otherwise. Crops of one face 0.08 s apart
correlate by 0.8 or more in 19 of 20 cases; the most similar frames of two people by 0.75 or less in as many.
"""

from __future__ import annotations

import cv2
import numpy as np

from live_sentiment.core.types import FloatArray, ImageArray

GRID = 32
"""Rows and columns of a layout."""

SAMPLES = 128
"""Rows and columns of the frame that are sampled for it, at least."""

SURROUNDINGS = 3.0
"""Standard deviation of the surroundings that a cell is compared with, in cells."""

FAINT = 4.0
"""Grey levels of contrast that count for little: noise."""

FLAT = 0.1
"""Mean contrast, relative to its usual size, up to which a picture shows nothing: black, white, fog."""

CUT = 0.33
"""Difference of two layouts that nothing but a cut can make at once: 0 for the same layout, 1 for unrelated
ones ..."""

MOTION_PER_S = 0.6
"""... and how much more people make by moving, for every second between two frames ..."""

MOST = 0.8
"""... up to this: no two shots of one place differ more."""

REMEMBER_S = 2.0
"""A shot that comes back within this time (after a flash, a hand before the camera) is the same shot."""

LIKENESS_PX = 24
"""Side of the crops that are compared: expressions move what is finer."""

ALIKE = 0.75
"""Correlation from which two crops show the same face."""


class ShotCounter:
    """Numbers the shots of a video from 0, frame by frame."""

    def __init__(self) -> None:
        self._shot = 0
        self._count = 0
        self._last: dict[int, tuple[float, FloatArray]] = {}
        """The last frame of each shot that may come back: its time and layout."""

    def __call__(self, time_s: float, image: ImageArray) -> int:
        """The shot of the next frame, a BGR picture; in time order. A flat one is of the shot before it."""
        now = layout(image)
        if now is None:
            return self._shot
        self._last = {
            shot: (seen_s, seen)
            for shot, (seen_s, seen) in self._last.items()
            if shot == self._shot or time_s - seen_s <= REMEMBER_S
        }
        excess = {
            shot: 1 - float(now @ seen) - min(CUT + MOTION_PER_S * (time_s - seen_s), MOST)
            for shot, (seen_s, seen) in self._last.items()
        }
        if excess.get(self._shot, 1.0) > 0:
            nearest = min(excess, key=lambda shot: excess[shot], default=None)
            if nearest is not None and excess[nearest] <= 0:
                self._shot = nearest
            else:
                self._shot = self._count
                self._count += 1
        self._last[self._shot] = time_s, now
        return self._shot


def layout(image: ImageArray) -> FloatArray | None:
    """Local contrast of a BGR picture on a grid, shape (GRID²,), of length 1; None for a flat picture."""
    step = max(min(image.shape[:2]) // SAMPLES, 1)
    green = np.ascontiguousarray(image[::step, ::step, 1])
    cells = cv2.resize(green, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
    contrast = cells - cv2.GaussianBlur(cells, (0, 0), SURROUNDINGS)
    spread = np.sqrt(cv2.GaussianBlur(contrast**2, (0, 0), SURROUNDINGS))
    relative = contrast / (spread + FAINT)
    return _normalised(relative) if np.abs(relative).mean() > FLAT else None


def alike(one: ImageArray, other: ImageArray) -> bool:
    """Whether two aligned grey crops show the same face, whatever the brightness."""
    return float(_portrait(one) @ _portrait(other)) >= ALIKE


def _portrait(crop: ImageArray) -> FloatArray:
    size = (LIKENESS_PX, LIKENESS_PX)
    return _normalised(cv2.resize(crop, size, interpolation=cv2.INTER_AREA).astype(np.float32))


def _normalised(values: np.ndarray) -> FloatArray:
    flat = values.ravel() - values.mean()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-3), np.float32)
