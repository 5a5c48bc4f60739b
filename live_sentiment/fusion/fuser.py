"""What every fuser takes and gives.

A fuser is a torch module from a `FusionBatch` to a `FusionOutput` that holds for every subset of the
modalities, the empty one included: with nothing present it abstains and gives the prior.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from live_sentiment.core.types import MODALITIES, Expert, Modality
from live_sentiment.fusion.batch import FusionBatch
from live_sentiment.fusion.circumplex import valence_arousal

EMOTION_PRIOR = (0.40, 0.20, 0.10, 0.10, 0.04, 0.04, 0.12)
"""Class distribution assumed where the program is used, in the order of EMOTIONS: round figures near those of
conversation (MELD) and of faces in pictures (FERPlus). Acted corpora have as much anger as neutral; people
have not."""

POLARITY_PRIOR = (0.32, 0.44, 0.24)
"""The same for POLARITIES: the four unpleasant emotions negative, joy positive, surprise a third to each."""

MISLED = 0.15
"""Probability that a modality shows an emotion drawn at random instead of the person's: a mask, an irony, a
tired voice. An assumption, not a measurement. It keeps a lone modality from being taken for the person with
certainty, however sure its expert is of what it shows; the fusers are trained in a world in which it
holds."""

FULL_TRUST = 0.5
"""Quality from which a look counts in full. The experts' probabilities already are less sure of less: half a
window of speech is the middle of what they were calibrated on."""


def trust(quality: Tensor) -> Tensor:
    """How much a quality in [0, 1] counts: in proportion up to FULL_TRUST, in full from there on."""
    return (quality / FULL_TRUST).clamp(max=1.0)


@dataclass(frozen=True, slots=True)
class FusionOutput:
    """What a fuser says of B windows."""

    emotion_logits: Tensor
    """Shape (B, 7); their softmax is a calibrated probability."""
    polarity_logits: Tensor
    """Shape (B, 3); likewise."""
    valence_arousal: Tensor
    """Shape (B, 2), in [-1, 1]."""
    valence_arousal_sd: Tensor
    """Shape (B, 2), standard deviations."""

    @classmethod
    def from_logits(cls, emotion_logits: Tensor, polarity_logits: Tensor) -> FusionOutput:
        """Complete an output whose valence and arousal follow from the emotions (`circumplex`)."""
        mean, deviation = valence_arousal(emotion_logits.softmax(dim=1))
        return cls(emotion_logits, polarity_logits, mean, deviation)


class Fuser(nn.Module, ABC):
    """Base of all fusers; holds the priors as buffers, so that they are saved with the weights."""

    log_emotion_prior: Tensor
    """Shape (7,)."""
    log_polarity_prior: Tensor
    """Shape (3,)."""

    def __init__(self, experts: Mapping[Modality, Expert]) -> None:
        """`experts` holds one for each of MODALITIES: what is fused is what these say."""
        super().__init__()
        self.embedding_dims = {modality: experts[modality].embedding_dim for modality in MODALITIES}
        self.register_buffer("log_emotion_prior", torch.tensor(EMOTION_PRIOR).log())
        self.register_buffer("log_polarity_prior", torch.tensor(POLARITY_PRIOR).log())

    @abstractmethod
    def forward(self, batch: FusionBatch) -> FusionOutput:
        """Fuse B windows; rows do not influence each other."""
