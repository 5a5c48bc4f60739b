"""Where the face lies in each training picture, found by the same detector and fit as in the analysis."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import FloatArray, ImageArray
from live_sentiment.models.face_detector import FaceDetector
from live_sentiment.perception.face.align import similarity

ENLARGED_PX = 192
"""FER2013 pictures are blown up to this side, ..."""

MARGIN_PX = 64
"""... and get this grey margin, since the detector expects to see more than the face."""

MARGIN_GREY = 127

MIN_SCORE = 0.5
"""Confidence from which a face counts as found; the others keep the framing they have."""


def find_alignments(
    images: ImageArray, detector: Path, on_picture: Callable[[int], None] = lambda done: None
) -> tuple[FloatArray, float]:
    """Maps (N, 2, 3) from pixels of the aligned crop to pixels of the picture, and the share of faces found.

    Args:
        images: shape (N, 48, 48), grey.
        detector: the model folder of YuNet.
        on_picture: is told how many are done.
    """
    side = ENLARGED_PX + 2 * MARGIN_PX
    find = FaceDetector(detector, side, MIN_SCORE)
    scale = ENLARGED_PX / images.shape[1]
    maps = np.tile(np.eye(2, 3, dtype=np.float32), (len(images), 1, 1))
    found = 0
    for index, image in enumerate(images):
        large = cv2.resize(image, (ENLARGED_PX, ENLARGED_PX), interpolation=cv2.INTER_CUBIC)
        canvas = np.full((side, side), MARGIN_GREY, np.uint8)
        canvas[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX] = large
        faces = find(cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR))
        if faces:
            landmarks = (faces[0].landmarks - MARGIN_PX + 0.5) / scale - 0.5
            maps[index] = cv2.invertAffineTransform(similarity(landmarks))
            found += 1
        on_picture(index + 1)
    return maps, found / max(len(images), 1)


def cached_alignments(
    images: ImageArray, detector: Path, cache: Path, on_picture: Callable[[int], None] = lambda done: None
) -> tuple[FloatArray, float]:
    """`find_alignments`, looked up in the file `cache` if that was made from the same pictures."""
    key = hashlib.sha256(images.tobytes()).hexdigest()
    if cache.is_file():
        with np.load(cache) as stored:
            if str(stored["key"]) == key:
                maps: NDArray[np.float32] = stored["maps"]
                return maps, float(stored["found"])
    maps, found = find_alignments(images, detector, on_picture)
    np.savez(cache, key=key, maps=maps, found=found)
    return maps, found
