"""What a model said of samples, beside what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.training.data.samples import Sample

WIDTHS = {
    "emotion_probabilities": (len(EMOTIONS),),
    "polarity_probabilities": (len(POLARITIES),),
    "valence_arousal": (2,),
    "score": (),
    "emotion_labels": (len(EMOTIONS),),
    "polarity_labels": (len(POLARITIES),),
    "valence_arousal_labels": (2,),
    "score_labels": (),
}
"""Shape of one sample's entry in every array of `Predictions`."""


@dataclass(frozen=True, slots=True)
class Predictions:
    """N samples; what the model does not say, and what is not known of any of them, is None.

    Where only some samples have a label, the others' rows are NaN.
    """

    keys: tuple[str, ...]
    """The samples' keys."""
    emotion_probabilities: FloatArray | None = None
    """Shape (N, 7), in the order of EMOTIONS."""
    polarity_probabilities: FloatArray | None = None
    """Shape (N, 3), in the order of POLARITIES."""
    valence_arousal: FloatArray | None = None
    """Shape (N, 2), in [-1, 1]."""
    score: FloatArray | None = None
    """Shape (N,), sentiment in [-3, 3]."""
    emotion_labels: FloatArray | None = None
    """Shape (N, 7), distributions: one-hot, or the annotators' votes."""
    polarity_labels: FloatArray | None = None
    """Shape (N, 3), likewise."""
    valence_arousal_labels: FloatArray | None = None
    """Shape (N, 2)."""
    score_labels: FloatArray | None = None
    """Shape (N,)."""
    groups: tuple[str, ...] | None = None
    """Speaker, subject or video of each sample: what intervals resample by. None: not known."""

    def __post_init__(self) -> None:
        count = len(self.keys)
        for name, width in WIDTHS.items():
            values = getattr(self, name)
            if values is not None and np.shape(values) != (count, *width):
                raise ValueError(f"{name} has shape {np.shape(values)}, not {(count, *width)}")
        if self.groups is not None and len(self.groups) != count:
            raise ValueError(f"{len(self.groups)} groups for {count} samples")

    @classmethod
    def of(
        cls,
        samples: Sequence[Sample],
        *,
        emotion_probabilities: ArrayLike | None = None,
        polarity_probabilities: ArrayLike | None = None,
        valence_arousal: ArrayLike | None = None,
        score: ArrayLike | None = None,
    ) -> Predictions:
        """What was said of `samples`, with the labels and speakers that they carry."""
        speakers = [sample.speaker for sample in samples]
        known = tuple(speaker for speaker in speakers if speaker is not None)
        return cls(
            keys=tuple(sample.key for sample in samples),
            emotion_probabilities=_array(emotion_probabilities),
            polarity_probabilities=_array(polarity_probabilities),
            valence_arousal=_array(valence_arousal),
            score=_array(score),
            emotion_labels=_labels(samples, lambda sample: sample.emotions, len(EMOTIONS)),
            polarity_labels=_labels(samples, lambda sample: sample.polarity, len(POLARITIES)),
            valence_arousal_labels=_labels(samples, lambda sample: sample.valence_arousal, 2),
            score_labels=_flat(_labels(samples, lambda sample: sample.score, 1)),
            groups=known if samples and len(known) == len(samples) else None,
        )

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Predictions:
        """The samples of these rows, which may repeat; or those where a mask, shape (N,), is true."""
        numbers = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        chosen = {
            field.name: getattr(self, field.name)[numbers]
            for field in fields(self)
            if field.name in WIDTHS and getattr(self, field.name) is not None
        }
        groups = None if self.groups is None else tuple(self.groups[row] for row in numbers)
        return replace(self, keys=tuple(self.keys[row] for row in numbers), groups=groups, **chosen)

    def __repr__(self) -> str:
        said = [name for name in WIDTHS if getattr(self, name) is not None]
        return f"Predictions({len(self)} samples: {', '.join(said) or 'nothing'})"


def _array(values: ArrayLike | None) -> FloatArray | None:
    return None if values is None else np.asarray(values, np.float32)


def _labels(
    samples: Sequence[Sample], label: Callable[[Sample], ArrayLike | None], width: int
) -> FloatArray | None:
    """Shape (N, width), NaN where a sample has no label; None where none has."""
    table = np.full((len(samples), width), np.nan, np.float32)
    for row, sample in zip(table, samples, strict=True):
        value = label(sample)
        if value is not None:
            row[:] = value
    return None if np.isnan(table).all() else table


def _flat(table: FloatArray | None) -> FloatArray | None:
    return None if table is None else table[:, 0]
