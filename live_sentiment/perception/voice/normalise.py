"""What is usual for this speaker: a running mean of the embeddings, taken off each of them.

Voices differ more between people, and microphones between rooms, than one voice does between moods. The mean
over what a speaker has said so far holds the person and the room; the rest holds the moment. Dividing by the
speaker's own deviation as well was tried and brought nothing, so the deviation is that of the training
corpora.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import FloatArray

PRIOR_S = 10.0
"""The mean of the training corpora counts as much as this many seconds of the speaker's own speech."""


class SpeakerNormaliser:
    """Embeddings in, the same relative to the speaker's own out; causal.

    The running mean is weighted by the speech that is new with each embedding (West 1979, the weighted form
    of Welford's recurrence), so that neither overlapping windows nor the hop change what it converges to.
    With little speech it is drawn towards the corpora's mean: (n·mean + k·prior) / (n + k) after n seconds, k
    = PRIOR_S.
    """

    def __init__(self, mean: FloatArray, deviation: FloatArray) -> None:
        """Start from the training corpora's mean and within-speaker deviation, both of shape (dim,)."""
        self._prior = mean.astype(np.float64)
        self._deviation = deviation.astype(np.float64)
        self.reset()

    def reset(self) -> None:
        """A new speaker."""
        self._mean: NDArray[np.float64] = self._prior.copy()
        self._weight_s = PRIOR_S

    def __call__(self, embedding: FloatArray, new_speech_s: float) -> FloatArray:
        """Learn from an embedding, then return it normalised; both of shape (dim,).

        Args:
            embedding: as the encoder gives it.
            new_speech_s: seconds of speech in it that no earlier embedding has seen.
        """
        if not np.isfinite(embedding).all():
            return np.full(embedding.shape, np.nan, np.float32)  # and nothing is learnt from it
        self._weight_s += new_speech_s
        self._mean += (embedding - self._mean) * (new_speech_s / self._weight_s)
        normalised: FloatArray = ((embedding - self._mean) / self._deviation).astype(np.float32)
        return normalised
