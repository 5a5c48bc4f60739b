"""The face stage: frames in, one vision observation per person and looked-at frame out.

Latency: none. What it says of a frame depends on that frame and on earlier ones, and is out when it returns.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from live_sentiment.core.config import FaceConfig, ModelsConfig
from live_sentiment.core.types import Expert, FaceTrack, ImageArray, Observation, StageOutput, VideoFrame
from live_sentiment.models.face_detector import FaceDetector
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.face.align import align
from live_sentiment.perception.face.quality import face_quality
from live_sentiment.perception.face.reader import load_reader
from live_sentiment.perception.face.shots import ShotCounter
from live_sentiment.perception.face.track import FaceTracker
from live_sentiment.perception.face.upright import CUT_OUT_PX, LEAST_SCORE, UprightCheck
from live_sentiment.streams.decimator import FrameGrid

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
        config: rates, sizes and the name of the network.
        detector: the model folder of YuNet.
        device: where the expression network runs; the detector runs on the CPU.
        store: where an expert of the laboratory finds its encoder.

    Raises:
        UsageError: the detector or the network cannot be had.
    """

    def __init__(
        self, config: FaceConfig, detector: Path, device: torch.device, store: ModelStore | None = None
    ) -> None:
        self._config = config
        self._detect = FaceDetector(detector, config.detect_size_px, config.detect_score)
        self._upright = UprightCheck(FaceDetector(detector, CUT_OUT_PX, LEAST_SCORE))
        self._tracker = FaceTracker()
        self._read = load_reader(config.encoder, store or ModelStore(ModelsConfig()), device)
        self.reset()

    def reset(self) -> None:
        """Forget the video seen so far: people, counters, phase."""
        self._tracker.reset()
        self.look_at(self._config.rate_hz)
        self._since_detection = 0
        self._shots = ShotCounter()
        self._shot = 0
        self._mouths: dict[int, ImageArray] = {}
        self.frames_looked_at = 0
        """Frames that were analysed, of those given."""
        self.frames_with_face = 0
        """Of these, the ones with at least one face."""
        self.boxes: tuple[Box, ...] = ()
        """Every face of the frame looked at last, also those that are not read (`max_people`)."""

    def look_at(self, rate_hz: float) -> None:
        """Look at so many frames per second from now on; from any thread."""
        self._grid = FrameGrid(rate_hz)

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
        self.frames_looked_at += 1
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
        readings = self._read(frame.image, people, crops)
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

    def _mouth_motion(self, person: int, crop: ImageArray, before: dict[int, ImageArray]) -> float:
        mouth = self._mouths[person] = crop[MOUTH]
        return float(np.abs(mouth.astype(np.float32) - before.get(person, mouth)).mean() / 255)


def _scaled(box: Box, scale: float) -> Box:
    left, top, width, height = box
    return left * scale, top * scale, width * scale, height * scale
