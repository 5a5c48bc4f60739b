"""From a normalised acoustic embedding to calibrated emotions: one linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, Expert, FloatArray
from live_sentiment.models.store.shipped import load_shipped

PART = "voice"
"""What the metadata of a voice head names as its part."""

POLARITY_OF: Mapping[str, str] = {
    "neutral": "neutral",
    "joy": "positive",
    "sadness": "negative",
    "anger": "negative",
    "fear": "negative",
    "disgust": "negative",
    "surprise": "neutral",
}
"""The corpora name emotions only, so polarity is their sum; surprise, pleasant or not, counts as neutral."""

_SUMS = np.array(
    [[POLARITY_OF[emotion] == polarity for emotion in EMOTIONS] for polarity in POLARITIES], float
)


def polarity(emotions: NDArray[np.floating[Any]]) -> FloatArray:
    """Probabilities of the emotions, shape (..., 7), summed to those of the polarities, shape (..., 3)."""
    summed: FloatArray = (emotions @ _SUMS.T).astype(np.float32)
    return summed


@dataclass(frozen=True, slots=True)
class VoiceHead:
    """A trained head with what it was trained on."""

    weight: FloatArray
    """Shape (7, dim)."""
    bias: FloatArray
    """Shape (7,)."""
    mean: FloatArray
    """Shape (dim,): mean embedding of the training corpora, for the speaker's normalisation."""
    deviation: FloatArray
    """Shape (dim,): their deviation within a speaker."""
    temperature: float
    layers: int
    """Of the encoder, whose embeddings lie in `dim`: 2 · layers · width."""
    encoder: str
    """Fingerprint of the encoder it sits on."""
    expert: Expert

    def __call__(self, normalised: FloatArray) -> FloatArray:
        """Calibrated probabilities, shape (7,) in the order of EMOTIONS, of a normalised embedding (dim,)."""
        logits = self.weight.astype(np.float64) @ normalised + self.bias
        scaled = logits / self.temperature
        weights = np.exp(scaled - scaled.max())
        probabilities: FloatArray = (weights / weights.sum()).astype(np.float32)
        return probabilities

    def embed(self, normalised: FloatArray) -> FloatArray:
        """What fusion gets of normalised embeddings (..., dim): the layers' mean, (..., 2 · width)."""
        parts = normalised.reshape(*normalised.shape[:-1], 2, self.layers, -1)
        mean: FloatArray = parts.mean(axis=-2)
        return mean.reshape(*normalised.shape[:-1], -1)


def load_head(name_or_path: str) -> VoiceHead:
    """Load a shipped head, or one that `train voice` wrote.

    Raises:
        UsageError: no such weights, or weights of another part or another set of emotions.
    """
    shipped = load_shipped(name_or_path)
    described = shipped.metadata
    known = described.get("part") == PART and "layers" in described
    if not known or tuple(described.get("labels", ())) != EMOTIONS:
        raise UsageError(f"{name_or_path} is not a voice head; train one with `live-sentiment train voice`")
    tensors = {name: tensor.float().numpy() for name, tensor in shipped.tensors.items()}
    expert = Expert(
        modality="voice",
        embedding_dim=tensors["weight"].shape[1] // described["layers"],
        emotion_prior=np.array(described["emotion_prior"], np.float32),
        polarity_prior=np.array(described["polarity_prior"], np.float32),
        model=f"{described['encoder']}, {described['layers']} layers, {shipped.name}",
        sha256=shipped.sha256,
    )
    return VoiceHead(
        **tensors,
        temperature=described["temperature"],
        layers=described["layers"],
        encoder=described["encoder_fingerprint"],
        expert=expert,
    )
