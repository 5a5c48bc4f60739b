"""What an encoder gets of a sample: its text, its sound decoded, its face cut out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, FloatArray, ImageArray, Modality, VideoFrame
from live_sentiment.models.encoders.encoder import Raw
from live_sentiment.models.face_detector import FaceDetector
from live_sentiment.perception.face.align import align_colour
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.training.data.samples import Sample, Span
from live_sentiment.training.data.voice_corpora import SUFFIXES
from live_sentiment.training.data.voice_windows import read_sound

EDITION = 1
"""Part of the key of cached features: raise it when the same sample gives something else."""

SHORTEST_SOUND_S = 0.1
"""Less sound than this says nothing."""


class UnreadableError(Exception):
    """A sample holds nothing that an encoder can take; `str` says why, in words that can be counted."""


@dataclass(frozen=True, slots=True)
class Look:
    """One raw input with its moment."""

    raw: Raw
    offset_s: float = 0.0
    """Seconds relative to the sample's end, ≤ 0."""


@dataclass(frozen=True)
class RawReader:
    """Reads raw inputs; the same sample gives the same bytes every time."""

    detector: Path | None = None
    """The model folder of YuNet; needed for videos only."""
    frames_per_s: float = 2.0
    """Pictures taken from a video."""
    max_frames: int = 16
    """A longer video is looked at so many times, evenly."""
    face_px: int = 112
    """Side of a face cut out of a video, in the framing of `perception.face.align`."""
    detect_size_px: int = 640
    """Longer side of the picture in which the face is looked for."""

    @property
    def fingerprint(self) -> str:
        """Hash of what a sample's raw inputs depend on, apart from the sample."""
        settings = [EDITION, self.frames_per_s, self.max_frames, self.face_px, self.detect_size_px]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()

    def read(self, sample: Sample, modality: Modality) -> list[Look]:
        """At least one look at the sample; several for a video.

        A video gives the largest face of each picture taken from it, upright and in RGB; a picture of a face
        comes as it is, grey as RGB.

        Raises:
            UnreadableError: nothing in it, or no face.
            UsageError: a file cannot be decoded, or a video is to be looked at without a detector.
        """
        if modality == "text":
            if not sample.text or not sample.text.strip():
                raise UnreadableError("no text")
            return [Look(sample.text)]
        if modality == "voice":
            if sample.sound is None:
                raise UnreadableError("no sound")
            sound = decode_sound(sample.sound)
            if len(sound) < SHORTEST_SOUND_S * SAMPLE_RATE_HZ:
                raise UnreadableError("hardly any sound")
            return [Look(sound)]
        if sample.picture is not None:
            return [Look(_as_rgb(sample.picture))]
        if sample.video is None:
            raise UnreadableError("no picture")
        return self._faces(sample.video)

    def _faces(self, video: Span) -> list[Look]:
        frames = decode_frames(video, self.frames_per_s)
        if not frames:
            raise UnreadableError("no picture")
        end_s = frames[-1].time_s
        kept = np.linspace(0, len(frames) - 1, min(len(frames), self.max_frames)).round().astype(int)
        looks = []
        for index in np.unique(kept):
            found = self._detect(frames[index].image)
            if found:
                largest = max(found, key=lambda face: face.box[2] * face.box[3])
                crop = align_colour(frames[index].image, largest.landmarks, self.face_px)
                looks.append(Look(crop, frames[index].time_s - end_s))
        if not looks:
            raise UnreadableError("no face")
        return looks

    @cached_property
    def _detect(self) -> FaceDetector:
        if self.detector is None:
            raise UsageError("videos need the face detector of the model store")
        return FaceDetector(self.detector, self.detect_size_px)


def decode_sound(span: Span) -> FloatArray:
    """A stretch of a sound or video file as mono sound at SAMPLE_RATE_HZ, shape (n,).

    Raises:
        UsageError: it cannot be decoded.
    """
    if span.path.suffix.lower() in SUFFIXES:
        return read_sound(span.path, span.start_s, span.end_s)
    source = _media(span)
    if not source.info.has_audio:
        raise UnreadableError("no sound")
    pieces: list[FloatArray] = []
    count, origin_s = 0, span.start_s
    for block in (item for item in source if isinstance(item, AudioBlock)):
        # A gap in the file stays one: what comes later keeps its time.
        missing = round((block.start_s - origin_s) * SAMPLE_RATE_HZ) - count
        if missing > 0:
            pieces.append(np.zeros(missing, np.float32))
            count += missing
        pieces.append(block.samples)
        count += len(block.samples)
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def decode_frames(span: Span, frames_per_s: float) -> list[VideoFrame]:
    """Upright pictures of a stretch of a video file, at most so many per second, in time order.

    Raises:
        UsageError: it cannot be decoded.
    """
    source = _media(span, frames_per_s)
    if not source.info.has_video:
        return []
    return [item for item in source if isinstance(item, VideoFrame)]


def _media(span: Span, frames_per_s: float | None = None) -> MediaSource:
    return MediaSource(span.path, start_s=span.start_s or None, end_s=span.end_s, frame_rate_hz=frames_per_s)


def _as_rgb(picture: ImageArray) -> ImageArray:
    return np.repeat(picture[:, :, None], 3, axis=2) if picture.ndim == 2 else picture
