"""The one scheme of labels: what the corpora's own names, votes and scores stand for in it.

Seven emotions (EMOTIONS), three polarities (POLARITIES), valence and arousal in [-1, 1] and a sentiment score
in [-3, 3]. docs/corpora.md says what each corpus gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.fusion.polarity import POLARITY_OF_EMOTION as TABLE

EMOTION_OF: Final[Mapping[str, str]] = {
    "neutral": "neutral",
    "calm": "neutral",
    "happy": "joy",
    "happiness": "joy",
    "joy": "joy",
    "sad": "sadness",
    "sadness": "sadness",
    "angry": "anger",
    "anger": "anger",
    "fearful": "fear",
    "fear": "fear",
    "disgust": "disgust",
    "disgusted": "disgust",
    "surprise": "surprise",
    "surprised": "surprise",
}
"""Names that corpora give to emotions and the one each stands for; any other name (boredom, contempt) stands
for none."""

POLARITY_OF_EMOTION: Final[FloatArray] = TABLE.numpy()
"""Shape (7, 3): a distribution over POLARITIES for each of EMOTIONS. Surprise may be any."""


def emotions(weights: Mapping[str, float]) -> FloatArray | None:
    """The distribution (7,) of labels with their weights or votes; None where no label has a place in it.

    >>> emotions({"happy": 3, "boredom": 1})
    array([0., 1., 0., 0., 0., 0., 0.], dtype=float32)
    """
    table = np.zeros(len(EMOTIONS), np.float32)
    for name, weight in weights.items():
        if name in EMOTION_OF:
            table[EMOTIONS.index(EMOTION_OF[name])] += weight
    total = table.sum()
    return table / total if total > 0 else None


@cache
def emotion(*names: str) -> FloatArray | None:
    """The distribution (7,) of one label, or of several in equal parts; None where none has a place in it.

    The same names give the same array, which is read-only.
    """
    distribution = emotions(dict.fromkeys(names, 1.0))
    if distribution is not None:
        distribution.flags.writeable = False
    return distribution


def polarity(name: str) -> FloatArray | None:
    """One of POLARITIES as a distribution (3,); None for any other name."""
    if name not in POLARITIES:
        return None
    return _one_hot(POLARITIES.index(name))


def polarity_of_score(score: float) -> FloatArray:
    """Polarity (3,) by the sign of a sentiment score: 0 alone is neutral."""
    return _one_hot(int(np.sign(score)) + 1)


def polarity_of_emotions(distribution: FloatArray) -> FloatArray | None:
    """Polarity (3,) of a distribution of emotions (7,); None where none of the three leads.

    Joy is positive, neutral is neutral, sadness, anger, fear and disgust are negative. Surprise is a third of
    each, so that it alone says nothing.
    """
    derived: FloatArray = distribution @ POLARITY_OF_EMOTION
    first, second = np.sort(derived)[:-3:-1]
    return derived if first - second > 1e-3 else None


def hard(distributions: Sequence[FloatArray | None]) -> NDArray[np.int64]:
    """The leading class of each distribution, shape (N,); -1 where there is none or the lead is shared."""
    leading = np.full(len(distributions), -1, np.int64)
    for row, distribution in enumerate(distributions):
        if distribution is not None and (distribution >= distribution.max() - 1e-6).sum() == 1:
            leading[row] = int(distribution.argmax())
    return leading


def _one_hot(polarity_index: int) -> FloatArray:
    table = np.zeros(len(POLARITIES), np.float32)
    table[polarity_index] = 1
    return table
