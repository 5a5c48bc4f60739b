"""Valence and arousal from emotion probabilities.

They are *derived*, not measured: the expectation of published coordinates under the emotion probabilities,
with the standard deviation that the probabilities leave open. No network here was ever shown a rated valence.

The coordinates are the mean pleasure and arousal ratings, in [-1, 1], that J. A. Russell and A. Mehrabian
report for the terms joyful, sad, angry, fearful, disgusted and surprised in "Evidence for a three-factor
theory of emotions", Journal of Research in Personality 11 (1977) 273–294. Neutral is the origin by
definition.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from live_sentiment.core.types import EMOTIONS

COORDINATES: Mapping[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0),
    "joy": (0.76, 0.48),
    "sadness": (-0.63, -0.27),
    "anger": (-0.51, 0.59),
    "fear": (-0.64, 0.60),
    "disgust": (-0.60, 0.35),
    "surprise": (0.40, 0.67),
}
"""Valence and arousal of each emotion."""


def valence_arousal(emotions: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation, each of shape (B, 2), valence first.

    `emotions` has shape (B, 7): probabilities in the order of EMOTIONS. Both results are of its dtype.
    """
    points = torch.tensor([COORDINATES[name] for name in EMOTIONS], dtype=emotions.dtype).to(emotions.device)
    mean = emotions @ points
    # Around the mean rather than E[x²] − E[x]²: the difference of two near-equal numbers may turn negative.
    squares = (points[None] - mean[:, None]) ** 2
    variance = (emotions[:, :, None] * squares).sum(dim=1)
    return mean, variance.sqrt()
