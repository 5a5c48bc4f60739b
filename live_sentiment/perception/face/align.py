"""From a face somewhere in a picture to the expression network's input: upright, of one size, in grey.

The template is where YuNet finds the five landmarks in FER2013 pictures on average, made symmetric. So a face
from a camera reaches the network in the framing it was trained on, and training and analysis use this code
alike.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from live_sentiment.core.types import ImageArray

CROP_PX = 48
"""Side of the network's square input: the size of FER2013 pictures."""

TEMPLATE = np.array([[14.5, 18.0], [32.5, 18.0], [23.5, 28.2], [16.2, 37.0], [30.8, 37.0]])
"""Where the five landmarks lie in the crop, shape (5, 2): pixels, the centre of the first pixel being 0."""

MAX_OVERSAMPLING = 16
"""Bounds the work for a face that fills a very large picture."""

Affine = NDArray[np.float64]


def similarity(source: ArrayLike, target: ArrayLike = TEMPLATE) -> Affine:
    """The rotation, scale and shift, shape (2, 3), that takes source nearest to target in least squares.

    With points as complex numbers about their means, the factor of rotation and scale is Σ s̄·t / Σ |s|²
    (the plane case of Umeyama 1991; it never mirrors).

    Raises:
        ValueError: the source points are all one point.
    """
    s, t = np.asarray(source, np.float64), np.asarray(target, np.float64)
    s_mean, t_mean = s.mean(axis=0), t.mean(axis=0)
    s_plane, t_plane = (points @ np.array([1, 1j]) for points in (s - s_mean, t - t_mean))
    spread = float((np.abs(s_plane) ** 2).sum())
    if spread < 1e-9:
        raise ValueError("landmarks lie on one point")
    factor = complex((s_plane.conj() * t_plane).sum() / spread)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, t_mean - turn @ s_mean])


def align_colour(image: ImageArray, landmarks: ArrayLike, size_px: int) -> ImageArray:
    """RGB crop, shape (size_px, size_px, 3), of a face in a BGR picture, in the same framing as `align`.

    Raises:
        ValueError: the landmarks are all one point.
    """
    large = _cut_out(image, landmarks, size_px)
    if large.shape[0] != size_px:
        large = np.asarray(cv2.resize(large, (size_px, size_px), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_BGR2RGB), np.uint8)


def align(image: ImageArray, landmarks: ArrayLike) -> ImageArray:
    """Grey crop, shape (CROP_PX, CROP_PX), of the face with these landmarks (in pixels of the picture).

    A large face is first cut out at a whole multiple of the crop's size and then averaged down: sampling it
    at 48 px directly would alias hair and skin into noise. What lies beyond the picture repeats its edge.

    Raises:
        ValueError: the landmarks are all one point.
    """
    large = _cut_out(image, landmarks, CROP_PX)
    grey = cv2.cvtColor(large, cv2.COLOR_BGR2GRAY) if large.ndim == 3 else large
    if grey.shape[0] == CROP_PX:
        return np.asarray(grey, np.uint8)
    return np.asarray(cv2.resize(grey, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _cut_out(image: ImageArray, landmarks: ArrayLike, size_px: int) -> ImageArray:
    """The face at size_px or a whole multiple of it, of as many channels as the picture."""
    matrix = similarity(landmarks)
    larger = size_px / CROP_PX
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0])) * larger
    finer = min(max(int(np.ceil(1 / scale)), 1), MAX_OVERSAMPLING)
    # Pixel centres, not corners, are at whole numbers, hence the half pixel.
    matrix = matrix * (larger * finer)
    matrix[:, 2] += (larger * finer - 1) / 2
    cut = cv2.warpAffine(
        image,
        matrix,
        (size_px * finer, size_px * finer),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cut, np.uint8)
