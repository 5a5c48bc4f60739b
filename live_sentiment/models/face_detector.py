"""Finding faces in one picture: YuNet (Wu et al. 2023) through OpenCV.

Latency: none, a picture's faces depend on that picture alone. About 3 ms at 320 px on one core.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import FloatArray, ImageArray

MODEL_FILE = "face_detection_yunet_2023mar.onnx"
"""Name of the network's file in its model folder."""

OVERLAP_LIMIT = 0.3
"""Of two boxes that overlap by more than this (intersection over union), the weaker one is dropped."""

CANDIDATES = 5000
"""Boxes kept before overlapping ones are dropped: the value of OpenCV's own example."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in one picture, in pixels of the full picture."""

    box: tuple[float, float, float, float]
    """Left, top, width, height; it may reach beyond the picture."""
    landmarks: FloatArray
    """Shape (5, 2): the person's right eye, left eye, nose tip, right and left mouth corner."""
    score: float
    """Detector confidence, in [0, 1]."""


class FaceDetector:
    """Calls YuNet on pictures of any size; stateless, and safe to call from several threads.

    OpenCV's network remembers the size that it was set to, so that every call under way has one of its own.

    Args:
        folder: the model folder that holds MODEL_FILE.
        size_px: the picture is scaled so that its longer side has this length; less finds fewer small faces.
        score: faces below this confidence are not returned.

    Raises:
        UsageError: the folder does not hold the network.
    """

    def __init__(self, folder: Path, size_px: int = 320, score: float = 0.6) -> None:
        file = folder / MODEL_FILE
        if not file.is_file():
            raise UsageError(f"no face detector in {folder}: expected {MODEL_FILE}")
        self._file, self._size_px, self._score = str(file), size_px, score
        self._idle = [self._network()]

    def __call__(self, image: ImageArray) -> list[Detection]:
        """Faces of a BGR picture of shape (height, width, 3), the surest first."""
        height, width = image.shape[:2]
        scale = self._size_px / max(height, width)
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = image if size == (width, height) else cv2.resize(image, size, interpolation=method)
        rows = self._rows(scaled, size)
        if rows is None:
            return []
        # Per axis, since rounding the size makes the two scales differ a little.
        back = np.array([width / size[0], height / size[1]], np.float32)
        found = [
            Detection(
                box=_four(row[:4] * np.tile(back, 2)),
                landmarks=(row[4:14].reshape(5, 2) * back).astype(np.float32),
                score=float(row[14]),
            )
            for row in rows
            if np.isfinite(row).all()
        ]
        return sorted(found, key=lambda face: (-face.score, face.box))

    def _rows(self, image: ImageArray, size: tuple[int, int]) -> FloatArray | None:
        try:
            network = self._idle.pop()
        except IndexError:
            network = self._network()
        network.setInputSize(size)
        _, rows = network.detect(image)
        self._idle.append(network)
        found: FloatArray | None = rows
        return found

    def _network(self) -> cv2.FaceDetectorYN:
        # OpenCV 5 warns on standard error of a target that nobody chose.
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        network = cv2.FaceDetectorYN.create(
            self._file, "", (self._size_px, self._size_px), self._score, OVERLAP_LIMIT, CANDIDATES
        )
        cv2.utils.logging.setLogLevel(level)
        return network


def _four(values: FloatArray) -> tuple[float, float, float, float]:
    left, top, width, height = (float(value) for value in values)
    return left, top, width, height
