"""Who is who from frame to frame: a Kalman filter per face, boxes matched by overlap.

After SORT (Bewley et al. 2016), with all spans in seconds of session time, so that the frame rate does not
decide how long an identity lasts. Behind a cut a place says nothing of identity: there a track goes on only
in a face that looks like its own. Latency: none, a frame's tracks depend on that frame and on earlier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import FaceTrack, FloatArray, ImageArray
from live_sentiment.models.face_detector import Detection
from live_sentiment.perception.face.assignment import cheapest_pairs
from live_sentiment.perception.face.shots import alike

MIN_OVERLAP = 0.2
"""Intersection over union from which a detection may continue a track."""

REACH = 1.0
"""A face that was lost may come back this many face sizes from where it is expected, without any overlap."""

MAX_RESIZE = 2.0
"""... and at most this much larger or smaller."""

KEEP_LOST_S = 2.0
"""An identity is given up when its face has not been found for this long."""

SCORE_HALF_LIFE_S = 0.5
"""The confidence in a face that is only carried along halves in this time."""

MEASURING_NOISE = 0.04
"""Standard deviation of a detected box's centre and sides, in face sizes."""

ACCELERATION = 3.0
"""Standard deviation of a face's acceleration, in face sizes per second squared: people nod and lean."""

START_SPEED = 1.0
"""Standard deviation of a new face's speed, in face sizes per second."""

SLOWING_S = 0.5
"""Time constant with which a lost face is assumed to come to rest."""

Floats = NDArray[np.float64]
_Cost = Callable[[Floats, Floats], Floats]


class FaceTracker:
    """Carries identities from frame to frame, counted from 1 in order of appearance."""

    def __init__(self) -> None:
        self._tracks: list[_Track] = []
        self._people = 0

    def reset(self) -> None:
        """Forget everyone; the next face is person 1 again."""
        self._tracks, self._people = [], 0

    def carry(self, time_s: float) -> list[FaceTrack]:
        """The faces at `time_s` where the detector did not look: where they should be by now."""
        self._advance(time_s)
        return self._visible(time_s)

    def remember(self, crops: Mapping[int, ImageArray]) -> None:
        """What each person looks like now: aligned grey crops, by number."""
        for track in self._tracks:
            track.crop = crops.get(track.person, track.crop)

    def update(
        self,
        time_s: float,
        detections: Sequence[Detection],
        shot: int = 0,
        crop_of: Callable[[Detection], ImageArray] | None = None,
    ) -> list[FaceTrack]:
        """The faces at `time_s`, given all that the detector found there; in order of identity.

        Args:
            time_s: session time of the frame.
            detections: all faces that were found in it.
            shot: the frame's shot; a track of another one goes on only in a face like its own.
            crop_of: the aligned grey crop of a detection; without it, no face resembles another.
        """
        self._advance(time_s)

        def may_be(track: _Track, index: int) -> bool:
            if track.shot == shot:
                return True
            return (
                crop_of is not None
                and track.crop is not None
                and alike(track.crop, crop_of(detections[index]))
            )

        left = list(range(len(detections)))
        boxes = np.array([_centred(face.box) for face in detections]).reshape(-1, 4)
        for track in self._tracks:
            track.found = False
        for cost in (_overlap_cost, _distance_cost):
            waiting = [track for track in self._tracks if not track.found]
            for track, index in _assign(waiting, left, boxes, cost, may_be):
                track.correct(time_s, detections[index])
                track.shot = shot
                left.remove(index)
        for index in left:
            self._people += 1
            self._tracks.append(_Track(self._people, time_s, detections[index], shot))
        return self._visible(time_s)

    def _advance(self, time_s: float) -> None:
        self._tracks = [track for track in self._tracks if time_s - track.seen_s <= KEEP_LOST_S]
        for track in self._tracks:
            track.predict(time_s)

    def _visible(self, time_s: float) -> list[FaceTrack]:
        return [track.face(time_s) for track in self._tracks if track.found]


class _Track:
    """One person: centre, width and height, each with its speed under its own two-state Kalman filter."""

    def __init__(self, person: int, time_s: float, face: Detection, shot: int) -> None:
        self.person = person
        self.shot = shot
        """Where the face was seen last."""
        self.crop: ImageArray | None = None
        """What it looked like then."""
        self.time_s = self.seen_s = time_s
        self.found = True
        """Whether the detector saw this face when it last looked."""
        self.mean: Floats = np.column_stack([_centred(face.box), np.zeros(4)])
        size = self.size
        self.covariance: Floats = np.tile(
            np.diag([(MEASURING_NOISE * size) ** 2, (START_SPEED * size) ** 2]), (4, 1, 1)
        )
        self._remember(face)

    @property
    def box(self) -> Floats:
        """Centre x, centre y, width, height."""
        return self.mean[:, 0]

    @property
    def size(self) -> float:
        """Side of the square of the same area."""
        return float(np.sqrt(max(self.mean[2, 0] * self.mean[3, 0], 1.0)))

    def predict(self, time_s: float) -> None:
        step_s = max(time_s - self.time_s, 0.0)
        self.time_s = time_s
        if not self.found:
            self.mean[:, 1] *= np.exp(-step_s / SLOWING_S)
        move = np.array([[1.0, step_s], [0.0, 1.0]])
        # White acceleration, constant over the step.
        effect = np.array([step_s**2 / 2, step_s]) * ACCELERATION * self.size
        self.mean = self.mean @ move.T
        self.mean[2:, 0] = np.maximum(self.mean[2:, 0], 1.0)
        self.covariance = move @ self.covariance @ move.T + np.outer(effect, effect)

    def correct(self, time_s: float, face: Detection) -> None:
        noise = (MEASURING_NOISE * self.size) ** 2
        gain = self.covariance[:, :, 0] / (self.covariance[:, 0, 0] + noise)[:, None]
        surprise = _centred(face.box) - self.mean[:, 0]
        self.mean = self.mean + gain * surprise[:, None]
        self.covariance = self.covariance - gain[:, :, None] * self.covariance[:, None, 0, :]
        self.seen_s, self.found = time_s, True
        self._remember(face)

    def face(self, time_s: float) -> FaceTrack:
        x, y, width, height = (float(value) for value in self.box)
        landmarks = self._landmarks * self.box[2:] + self.box[:2]
        return FaceTrack(
            person=self.person,
            box=(x - width / 2, y - height / 2, width, height),
            landmarks=landmarks.astype(np.float32),
            score=self._score * 0.5 ** ((time_s - self.seen_s) / SCORE_HALF_LIFE_S),
        )

    def _remember(self, face: Detection) -> None:
        # Relative to the filtered box: landmarks stay where the detector found them in its own frame,
        # and move with the box until it looks again.
        self._landmarks: FloatArray | Floats = (face.landmarks - self.box[:2]) / self.box[2:]
        self._score = face.score


def _centred(box: tuple[float, float, float, float]) -> Floats:
    left, top, width, height = box
    return np.array([left + width / 2, top + height / 2, max(width, 1.0), max(height, 1.0)])


def _assign(
    tracks: Sequence[_Track],
    left: Sequence[int],
    boxes: Floats,
    cost_of: _Cost,
    may_be: Callable[[_Track, int], bool],
) -> list[tuple[_Track, int]]:
    """The cheapest pairs of tracks and detections; infinite cost forbids a pair."""
    if not tracks or not left:
        return []
    cost = cost_of(np.array([track.box for track in tracks]), boxes[list(left)])
    for row, column in np.argwhere(np.isfinite(cost)).tolist():
        if not may_be(tracks[row], left[column]):
            cost[row, column] = np.inf
    forbidden = ~np.isfinite(cost)
    return [
        (tracks[row], left[column])
        for row, column in cheapest_pairs(np.where(forbidden, 1e6, cost))
        if not forbidden[row, column]
    ]


def _overlap_cost(tracks: Floats, found: Floats) -> Floats:
    """1 − intersection over union, shape (tracks, found); infinite where they overlap too little."""
    a, b = tracks[:, None], found[None]
    low = np.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = np.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    union = a[..., 2:].prod(axis=-1) + b[..., 2:].prod(axis=-1) - shared
    overlap = shared / union
    return np.where(overlap >= MIN_OVERLAP, 1 - overlap, np.inf)


def _distance_cost(tracks: Floats, found: Floats) -> Floats:
    """Distance of the centres in face sizes, shape (tracks, found); infinite beyond reach."""
    a, b = tracks[:, None], found[None]
    size_a, size_b = np.sqrt(a[..., 2:].prod(axis=-1)), np.sqrt(b[..., 2:].prod(axis=-1))
    distance = np.linalg.norm(a[..., :2] - b[..., :2], axis=-1) / np.maximum(size_a, size_b)
    resized = np.maximum(size_a, size_b) / np.minimum(size_a, size_b)
    return np.where((distance <= REACH) & (resized <= MAX_RESIZE), distance, np.inf)
