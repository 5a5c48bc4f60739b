"""The items that flow through the pipeline, in the order in which they come to be.

Every item carries the session time it belongs to: float64 seconds from session start, made from integer
counters (samples / rate, pts × time base), never from the moment some worker got round to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
BoolArray: TypeAlias = NDArray[np.bool_]
ImageArray: TypeAlias = NDArray[np.uint8]

Modality: TypeAlias = Literal["text", "voice", "vision"]
MODALITIES: tuple[Modality, ...] = ("text", "voice", "vision")

POLARITIES = ("negative", "neutral", "positive")
"""Order of every polarity vector."""

EMOTIONS = ("neutral", "joy", "sadness", "anger", "fear", "disgust", "surprise")
"""Order of every emotion vector: Ekman's six and neutral."""

SAMPLE_RATE_HZ = 16_000
"""The rate at which every audio block reaches perception."""


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """A stretch of mono sound."""

    samples: FloatArray
    """Shape (n,), float32, nominally in [-1, 1]."""
    start_s: float
    """Session time of the first sample."""
    sample_rate_hz: int = SAMPLE_RATE_HZ

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError(
                f"samples must be float32 of shape (n,), not {self.samples.dtype} {self.samples.shape}"
            )

    @property
    def end_s(self) -> float:
        """Session time just after the last sample."""
        return self.start_s + len(self.samples) / self.sample_rate_hz

    def __repr__(self) -> str:
        return f"AudioBlock({self.start_s:.3f}..{self.end_s:.3f} s, {self.sample_rate_hz} Hz)"


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """One picture as it is shown: upright, with square pixels."""

    image: ImageArray
    """Shape (height, width, 3), uint8, BGR as OpenCV has it."""
    time_s: float
    """Session time at which the frame is shown: pts × time base."""
    scale: float = 1.0
    """By how much the picture is larger as shown than `image`, which may be scaled down."""

    def __post_init__(self) -> None:
        if self.image.ndim != 3 or self.image.shape[2] != 3 or self.image.dtype != np.uint8:
            raise ValueError(
                f"image must be uint8 of shape (h, w, 3), not {self.image.dtype} {self.image.shape}"
            )

    def __repr__(self) -> str:
        return f"VideoFrame({self.time_s:.3f} s, {self.image.shape[1]}x{self.image.shape[0]})"


@dataclass(frozen=True, slots=True)
class Bound:
    """In place of a picture: none has come, and none at or before `time_s` will come any more.

    A device that gives nothing lets time pass this way, so that the other streams need not wait for it
    (MediaPipe calls it a timestamp bound). For sound, a block without samples says the same.
    """

    time_s: float
    """Session time up to which nothing came."""


@dataclass(frozen=True, slots=True)
class SpeechActivity:
    """Voice activity on a regular grid; consecutive items join without gap or overlap."""

    start_s: float
    """Session time at which the first chunk starts."""
    chunk_s: float
    """Length of one chunk."""
    probability: FloatArray
    """Shape (n,), the detector's speech probability per chunk, in [0, 1]."""
    active: BoolArray
    """Shape (n,), the decision after hysteresis."""

    @property
    def end_s(self) -> float:
        """Session time at which the last chunk ends: activity is known up to here."""
        return self.start_s + len(self.active) * self.chunk_s


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word."""

    text: str
    """As written, with its punctuation and without the leading space."""
    start_s: float
    end_s: float
    probability: float
    """The recogniser's own probability, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What one pass of the transcriber has to say."""

    committed: tuple[Word, ...]
    """Words newly committed by this pass: never revised, in time order, never repeated."""
    partial: tuple[Word, ...]
    """The current guess behind the committed words; the next pass replaces it."""
    watermark_s: float
    """No word that ends at or before this session time will be committed any more."""
    understood: tuple[tuple[float, bool], ...] = ()
    """Changes since the last one: from which session time on what is said is understood, or not."""


@dataclass(frozen=True, slots=True)
class FaceTrack:
    """One person's face in one frame."""

    person: int
    """Identity that persists over frames, counted from 1."""
    box: tuple[float, float, float, float]
    """Left, top, width, height in pixels."""
    landmarks: FloatArray
    """Shape (5, 2), pixels: the person's right eye, left eye, nose tip, right and left mouth corner."""
    score: float
    """Detector confidence, in [0, 1]; decays while the face is only tracked."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one modality says of one moment: an embedding, and its own calibrated opinion."""

    modality: Modality
    time_s: float
    """The moment it speaks of, and by which it is placed in windows: the end of what was looked at."""
    embedding: FloatArray
    """Shape (dim of the encoder,)."""
    emotions: FloatArray
    """Shape (7,), calibrated probabilities in the order of EMOTIONS, summing to 1."""
    polarity: FloatArray
    """Shape (3,), calibrated probabilities in the order of POLARITIES, summing to 1."""
    quality: float = 1.0
    """How far to trust it, in [0, 1]: blur, size and pose of a face, share of speech, word probability."""
    person: int | None = None
    """Whose face it is; None for voice and text."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What a person would want to know of it; the keys are documented by the stage that makes them."""

    def __post_init__(self) -> None:
        if self.emotions.shape != (len(EMOTIONS),) or self.polarity.shape != (len(POLARITIES),):
            raise ValueError(f"wrong opinion shapes: {self.emotions.shape}, {self.polarity.shape}")

    def __repr__(self) -> str:
        leading = EMOTIONS[int(self.emotions.argmax())]
        return f"Observation({self.modality} at {self.time_s:.3f} s: {leading}, quality {self.quality:.2f})"


@dataclass(frozen=True, slots=True)
class Expert:
    """What fusion must know of a modality's encoder and head."""

    modality: Modality
    embedding_dim: int
    emotion_prior: FloatArray
    """Shape (7,), the class distribution under which the head's probabilities are calibrated."""
    polarity_prior: FloatArray
    """Shape (3,), likewise."""
    model: str
    """Name of the encoder and head, for the record."""
    sha256: str
    """Hash of the shipped head, for the record."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a modality had anything to say in a window, and why not."""

    present: bool
    reason: str | None = None
    """Why it is absent, e.g. "no face", "no speech", "no audio track"; None where present."""


@dataclass(frozen=True, slots=True)
class Window:
    """Everything whose time lies in (end_s − length, end_s]."""

    index: int
    """Counts hops: end_s = index × hop."""
    start_s: float
    end_s: float
    observations: Mapping[Modality, tuple[Observation, ...]]
    """In time order; a modality without any is absent."""
    words: tuple[Word, ...]
    """Committed words that end in the window."""
    activity: float
    """Share of the window with voice activity, in [0, 1]."""
    presence: Mapping[Modality, Presence]
    final: bool
    """False while words may still be committed into it."""


@dataclass(frozen=True, slots=True)
class Affect:
    """One fused result: what the person feels, how sure that is, and which modality it rests on."""

    polarity: FloatArray
    """Shape (3,), probabilities in the order of POLARITIES."""
    emotions: FloatArray
    """Shape (7,), probabilities in the order of EMOTIONS."""
    valence: float
    """In [-1, 1], unpleasant to pleasant."""
    arousal: float
    """In [-1, 1], calm to excited."""
    valence_sd: float
    """Standard deviation of valence under the emotion probabilities."""
    arousal_sd: float
    shares: Mapping[Modality, float]
    """Each present modality's part in the leading emotion: |Shapley value| over their sum."""
    effects: Mapping[Modality, float]
    """The signed Shapley values: probability points that each modality adds to the leading emotion."""


@dataclass(frozen=True, slots=True)
class Person:
    """A face in a window, apart from the fused person's result."""

    person: int
    speaking: bool
    """Whether this is the person whose face was fused."""
    box: tuple[float, float, float, float]
    """Last box, left, top, width, height in pixels."""
    emotions: FloatArray
    """Shape (7,), vision alone."""


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """One tick of the timeline: the smoothed result with what it rests on."""

    time_s: float
    affect: Affect
    """After smoothing."""
    emotion: str
    """The leading emotion after hysteresis: one of EMOTIONS."""
    presence: Mapping[Modality, Presence]
    words: tuple[Word, ...]
    """Words that ended since the previous tick."""
    people: tuple[Person, ...]
    final: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in the session rather than to the person."""

    time_s: float
    kind: str
    """A short stable name, e.g. "truncated", "gap", "stage-failed"."""
    message: str
    """For people: what happened and what it means for the result."""


@dataclass(frozen=True, slots=True)
class Absence:
    """A modality that is missing for a while, for a reason that lies outside what was seen and heard."""

    modality: Modality
    start_s: float
    """Session time from which it is missing."""
    reason: str
    """For people, short: "camera lost", "switched off"."""
    masked: bool = False
    """Whether what is seen or heard all the same is not to be used: it was switched off."""


@dataclass(frozen=True, slots=True)
class StageOutput:
    """What a perception stage returns for one input."""

    observations: tuple[Observation, ...]
    watermark_s: float
    """No observation at or before this session time will come any more."""
    events: tuple[Event, ...] = ()
