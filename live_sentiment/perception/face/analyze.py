"""The face stage: frames in, one vision observation per person and looked-at frame out.

Latency: none. What it says of a frame depends on that frame and on earlier ones, and is out when it returns.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from live_sentiment.core.config import FaceConfig
from live_sentiment.core.types import Expert, FaceTrack, ImageArray, Observation, StageOutput, VideoFrame
from live_sentiment.models.face import FaceModels
from live_sentiment.perception.face.align import align, align_colour
from live_sentiment.perception.face.quality import face_quality
from live_sentiment.perception.face.shots import ShotCounter
from live_sentiment.perception.face.track import FaceTracker
from live_sentiment.perception.face.upright import UprightCheck
from live_sentiment.streams.decimator import Decimator

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""

MOUTH = (slice(31, 45), slice(11, 37))
"""Rows and columns of the aligned crop that hold the mouth, the chin and the lower cheeks."""


class FaceAnalyzer:
    """Finds, follows and reads every face.

    The details of an observation are "box" (left, top, width, height in pixels of the picture as shown),
    "score" (the detector's confidence) and "mouth_motion" (mean absolute difference of the mouth between this
    aligned crop of the person and the one of the previous frame looked at, in [0, 1]; 0 for the first).

    Args:
        config: rates and sizes.
        models: what finds and reads faces; shared with other streams.
    """

    def __init__(self, config: FaceConfig, models: FaceModels) -> None:
        self._config = config
        self._detect, self._read = models.detect, models.read
        self._upright = UprightCheck(models.detect_cut_out)
        self._tracker = FaceTracker()
        self.reset()

    def reset(self) -> None:
        """Forget the video seen so far: people, counters, phase."""
        self._tracker.reset()
        self.set_rate_hz(self._config.rate_hz)
        self._since_detection = 0
        self._shots = ShotCounter()
        self._shot = 0
        self._mouths: dict[int, ImageArray] = {}
        self.frames_analysed = 0
        """Frames that were analysed, of those given."""
        self.frames_with_face = 0
        """Of these, the ones with at least one face."""
        self.boxes: tuple[Box, ...] = ()
        """Every face of the frame looked at last, also those that are not read (`max_people`)."""

    def set_rate_hz(self, rate_hz: float) -> None:
        """Look at so many frames per second from now on; from any thread."""
        self._grid = Decimator(rate_hz)

    @property
    def expert(self) -> Expert:
        """What fusion must know of this stage."""
        return self._read.expert

    def __call__(self, frame: VideoFrame) -> StageOutput:
        """Analyse one frame, or pass it over if it comes sooner than `rate_hz` asks for; in time order."""
        if not self._grid.takes(frame.time_s):
            return StageOutput((), frame.time_s)
        everyone = self._follow(frame)
        self.boxes = tuple(face.box for face in everyone)
        people = self._largest(everyone)
        self.frames_analysed += 1
        self.frames_with_face += bool(people)
        return StageOutput(self._observe(frame, people), frame.time_s)

    def face_px(self, image: ImageArray) -> float:
        """Size of the largest face in a picture that is no part of the stream; 0 without one."""
        return max((max(face.box[2:]) for face in self._detect(image)), default=0.0)

    def _follow(self, frame: VideoFrame) -> list[FaceTrack]:
        """Everyone in the frame. While nobody is in view every frame is searched, so that no one waits.

        So is the first frame of a shot: faces are not carried over a cut.
        """
        before, self._shot = self._shot, self._shots(frame.time_s, frame.image)
        if self._since_detection and self._shot == before:
            people = self._tracker.carry(frame.time_s)
            self._since_detection = (self._since_detection + 1) % self._config.detect_every
            if people:
                return people
        self._since_detection = 1 % self._config.detect_every
        found = self._detect(frame.image)
        by_size = sorted(range(len(found)), key=lambda number: -found[number].box[2] * found[number].box[3])
        for number in by_size[: self._config.max_people]:
            found[number] = self._upright(frame.image, found[number])
        return self._tracker.update(
            frame.time_s, found, self._shot, lambda face: align(frame.image, face.landmarks)
        )

    def _largest(self, people: list[FaceTrack]) -> list[FaceTrack]:
        largest = sorted(people, key=lambda face: -face.box[2] * face.box[3])[: self._config.max_people]
        return sorted(largest, key=lambda face: face.person)

    def _observe(self, frame: VideoFrame, people: list[FaceTrack]) -> tuple[Observation, ...]:
        crops = [align(frame.image, face.landmarks) for face in people]
        before, self._mouths = self._mouths, {}
        if not people:
            return ()
        self._tracker.remember({face.person: crop for face, crop in zip(people, crops, strict=True)})
        readings = self._read(self._read_from(frame.image, people, crops))
        return tuple(
            Observation(
                modality="vision",
                time_s=frame.time_s,
                embedding=readings.embeddings[row],
                emotions=readings.emotions[row],
                polarity=readings.polarity[row],
                quality=face_quality(face, crop),
                person=face.person,
                details={
                    "box": _scaled(face.box, frame.scale),
                    "score": face.score,
                    "mouth_motion": self._mouth_motion(face.person, crop, before),
                },
            )
            for row, (face, crop) in enumerate(zip(people, crops, strict=True))
        )

    def _read_from(
        self, image: ImageArray, people: list[FaceTrack], crops: list[ImageArray]
    ) -> list[ImageArray]:
        """The crops as the reader wants them: `crops`, or their likes in colour."""
        side_px = self._read.colour_px
        return crops if side_px is None else [align_colour(image, one.landmarks, side_px) for one in people]

    def _mouth_motion(self, person: int, crop: ImageArray, before: dict[int, ImageArray]) -> float:
        mouth = self._mouths[person] = crop[MOUTH]
        return float(np.abs(mouth.astype(np.float32) - before.get(person, mouth)).mean() / 255)


def _scaled(box: Box, scale: float) -> Box:
    left, top, width, height = box
    return left * scale, top * scale, width * scale, height * scale
