"""How far a face can be trusted to show its expression: a number in [0, 1] that fusion weights it by."""

from __future__ import annotations

import cv2
import numpy as np

from live_sentiment.core.types import FaceTrack, ImageArray
from live_sentiment.perception.face.align import TEMPLATE, similarity

FULL_EYE_DISTANCE_PX = 18.0
"""Distance of the eyes from which more pixels tell the network nothing: that of its own input."""

TURNED = 0.35
"""How far the nose has left the midline, in eye distances, when the head is clearly turned aside."""

TILTED = 0.2
"""How far the nose has left its usual height, in distances from eyes to mouth, when the head is tilted."""

SHARP = 0.3
"""What `detail` finds in a crop that counts as sharp: 19 of 20 FER2013 pictures have more, and after a blur
of one crop pixel they have 0.18 on average, after two 0.08."""


def face_quality(track: FaceTrack, crop: ImageArray) -> float:
    """Geometric mean of four factors in [0, 1]: size, pose, sharpness and the detector's confidence.

    Args:
        track: the face with its landmarks in pixels of the picture.
        crop: its aligned grey crop, shape (48, 48).
    """
    sharpness = min(detail(crop) / SHARP, 1.0)
    factors = (size_factor(track), pose_factor(track), sharpness, track.score)
    return float(np.prod(np.clip(factors, 0, 1)) ** (1 / len(factors)))


def size_factor(track: FaceTrack) -> float:
    """1 from FULL_EYE_DISTANCE_PX between the eyes upwards, falling to 0 in proportion.

    The distance comes from the fit of all five landmarks, so a face turned aside does not count as small.
    """
    shrink = similarity(track.landmarks)
    template_px = float(np.linalg.norm(TEMPLATE[1] - TEMPLATE[0]))
    eyes_px = template_px / float(np.hypot(shrink[0, 0], shrink[1, 0]))
    return min(eyes_px / FULL_EYE_DISTANCE_PX, 1.0)


def pose_factor(track: FaceTrack) -> float:
    """1 for a face that looks into the camera; about 0.4 once it is TURNED or TILTED, 0.1 when both."""
    matrix = similarity(track.landmarks)
    right_eye, left_eye, nose, right_mouth, left_mouth = track.landmarks @ matrix[:, :2].T + matrix[:, 2]
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    eye_distance = max(float(np.linalg.norm(left_eye - right_eye)), 1.0)
    height = max(float(mouth[1] - eyes[1]), 1.0)
    usual = (TEMPLATE[2, 1] - TEMPLATE[0, 1]) / (TEMPLATE[3, 1] - TEMPLATE[0, 1])
    turned = (nose[0] - (eyes[0] + mouth[0]) / 2) / eye_distance / TURNED
    tilted = ((nose[1] - eyes[1]) / height - usual) / TILTED
    return float(np.exp(-(turned**2) - tilted**2))


def detail(crop: ImageArray) -> float:
    """Mean absolute Laplacian over the standard deviation of the grey levels: 0 for a flat crop."""
    grey = crop.astype(np.float32)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean() / max(float(grey.std()), 4.0))
