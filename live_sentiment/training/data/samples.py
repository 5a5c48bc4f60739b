"""A labelled corpus as an experiment sees it: samples of one, two or three modalities, whatever the release.

Labels follow one scheme: polarity (negative, neutral, positive), seven emotions, and valence and arousal in
[-1, 1] where a corpus gives them. What has no place in it is dropped, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from live_sentiment.core.types import FloatArray, ImageArray, Modality

Split: TypeAlias = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a media file; decoded when it is asked for."""

    path: Path
    start_s: float = 0.0
    end_s: float | None = None
    """None: to the end of the file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled utterance, clip or picture."""

    key: str
    """Unique in its corpus."""
    split: Split | None = None
    """Of the release; None where it has none, and the speakers are divided then."""
    speaker: str | None = None
    """Speaker, subject or video: whatever must not cross a split. None: not known."""
    text: str | None = None
    sound: Span | None = None
    video: Span | None = None
    picture: ImageArray | None = None
    """One face, uint8 (H, W) grey or (H, W, 3) RGB."""
    features: Mapping[Modality, FloatArray] = field(default_factory=dict)
    """Embeddings (T, dim) where the corpus comes as features."""
    emotions: FloatArray | None = None
    """Shape (7,), a distribution over EMOTIONS: one-hot, or the annotators' votes."""
    polarity: FloatArray | None = None
    """Shape (3,), a distribution over POLARITIES."""
    valence_arousal: FloatArray | None = None
    """Shape (2,), in [-1, 1]; NaN where one of the two is not given."""
    score: float | None = None
    """Sentiment in [-3, 3], as CMU-MOSI and CMU-MOSEI have it."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """What kind of person or sample it is, by kind of group ("sex": "women"): figures are given of each."""

    def has(self, modality: Modality) -> bool:
        """Whether there is something to read, hear or see, raw or as features."""
        raw = {"text": (self.text,), "voice": (self.sound,), "vision": (self.video, self.picture)}
        return modality in self.features or any(one is not None for one in raw[modality])


@dataclass(frozen=True, slots=True)
class Corpus:
    """Samples with where they come from."""

    name: str
    licence: str
    samples: Sequence[Sample]
    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many samples were left out, by reason in words ("label boredom", "file missing")."""
    notes: Sequence[str] = ()
    """What the release should hold and does not, and what one must know to use it; a line each."""

    def where(self, chosen: Callable[[Sample], bool]) -> Corpus:
        """The same corpus with the samples for which `chosen` holds."""
        return replace(self, samples=[sample for sample in self.samples if chosen(sample)])

    def of(self, split: Split) -> Corpus:
        """The samples of one split."""
        return self.where(lambda sample: sample.split == split)
