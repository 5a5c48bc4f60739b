"""Polarity and emotions, one from the other, where a model was taught only one of them.

What an emotion says of polarity is a convention: joy is positive, surprise may be any, neutral is neutral,
and the rest is negative. The way back is Bayes' rule under the prior of the emotions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from live_sentiment.core.types import EMOTIONS

_POLARITY_OF = {"joy": (0.0, 0.0, 1.0), "neutral": (0.0, 1.0, 0.0), "surprise": (1 / 3, 1 / 3, 1 / 3)}
POLARITY_OF_EMOTION = torch.tensor([_POLARITY_OF.get(name, (1.0, 0.0, 0.0)) for name in EMOTIONS])
"""Shape (7, 3): probability of each of POLARITIES given the emotion. Surprise may be any."""


def polarity_from(emotion_logits: Tensor) -> Tensor:
    """Log-probabilities of the polarities, shape (B, 3), given logits of the emotions, (B, 7)."""
    table = POLARITY_OF_EMOTION.to(emotion_logits)
    return (emotion_logits.softmax(dim=1) @ table).log()


def emotions_from(polarity_logits: Tensor, log_emotion_prior: Tensor) -> Tensor:
    """Log-probabilities of the emotions, shape (B, 7), given logits of the polarities, (B, 3).

    Within a polarity the emotions keep the proportions of the prior, whose logarithm has shape (7,):
    p(e) = Σ_p p(p) · prior(e) P(p | e) / Σ_e' prior(e') P(p | e').
    """
    joint = log_emotion_prior.exp()[:, None] * POLARITY_OF_EMOTION.to(log_emotion_prior)
    given_polarity = joint / joint.sum(dim=0)
    return (polarity_logits.softmax(dim=1) @ given_polarity.T).log()
