"""Product of experts: every modality's opinion counts by how far it departs from what it would say of anyone.

    log p(y | all)  =  log prior(y)  +  Σ_m  min(w_m · q_m, 1) · (log p_m(y) − log prior_m(y))  +  const

This is the naive-Bayes form of G. E. Hinton's product of experts ("Training products of experts by minimizing
contrastive divergence", Neural Computation 14, 2002) for experts that were calibrated under priors of their
own. It holds exactly for modalities independent given y; where they are not, it is over-confident. Hence the
weights w, learnt on validation data for each subset of the modalities: together they are the temperature. q_m
is the quality of what was looked at. No opinion ever counts for more than it says: weights learnt on looks of
middling quality would otherwise blow up the best ones.

Within a modality the looks of one window are no independent witnesses. They are pooled linearly, as a mean of
probabilities, by quality and recency.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.types import MODALITIES, Expert, Modality

RECENCY_S: Mapping[Modality, float] = {"text": 0.3, "voice": 1.0, "vision": 4.0}
"""Time constant by which a look loses weight against the last one of its modality. The last word's
observation holds the whole utterance and so nearly replaces those before it; the last look at the voice holds
the last seconds of it; a face is read as the mean over a window of the default length."""


class ProductOfExperts(Fuser):
    """The fuser that needs no embeddings; its 2 × 8 × 3 weights are all it learns."""

    def __init__(self, experts: Mapping[Modality, Expert]) -> None:
        super().__init__(experts)
        self.emotion_weights = nn.Parameter(torch.ones(len(SUBSETS), len(MODALITIES)))
        """Shape (8, 3): w of each modality in each of SUBSETS."""
        self.polarity_weights = nn.Parameter(torch.ones(len(SUBSETS), len(MODALITIES)))
        """Shape (8, 3), likewise."""
        for name in ("emotion_prior", "polarity_prior"):
            priors = [torch.as_tensor(getattr(experts[modality], name)) for modality in MODALITIES]
            self.register_buffer(f"log_expert_{name}s", torch.stack(priors).float().log())

    log_expert_emotion_priors: Tensor
    """Shape (3, 7)."""
    log_expert_polarity_priors: Tensor
    """Shape (3, 3)."""

    def forward(self, batch: FusionBatch) -> FusionOutput:
        """Multiply the opinions of those present; the prior where there is none."""
        pooled = [_pool(batch.sequences[modality], RECENCY_S[modality]) for modality in MODALITIES]
        emotions, polarity, reliability = (torch.stack(parts, dim=1) for parts in zip(*pooled, strict=True))
        subset = batch.subset
        return FusionOutput.from_logits(
            _product(
                emotions - self.log_expert_emotion_priors,
                reliability * self.emotion_weights[subset],
                self.log_emotion_prior,
            ),
            _product(
                polarity - self.log_expert_polarity_priors,
                reliability * self.polarity_weights[subset],
                self.log_polarity_prior,
            ),
        )


def _product(evidence: Tensor, weights: Tensor, log_prior: Tensor) -> Tensor:
    """Log prior plus the weighted evidence, shape (B, classes), from (B, 3, classes) and (B, 3)."""
    return log_prior + (weights.clamp(max=1.0)[:, :, None] * evidence).sum(dim=1)


def _pool(sequence: ModalitySequence, recency_s: float) -> tuple[Tensor, Tensor, Tensor]:
    """Log of a window's mean emotions (B, 7) and polarity (B, 3), and its mean quality (B,), 0 if absent."""
    mask = sequence.mask.to(sequence.quality.dtype)
    last = sequence.times_s.masked_fill(~sequence.mask, -torch.inf).amax(dim=1, keepdim=True)
    ages_s = (last - sequence.times_s).masked_fill(~sequence.mask, 0.0)
    weights = mask * sequence.quality * torch.exp(-ages_s / recency_s)
    total = weights.sum(dim=1)
    # Neither padding nor looks of no quality at all: such a modality has no say, and no 0/0 either.
    divisor = torch.where(total > 0, total, 1.0)
    heard = (total > 0).to(total.dtype)
    emotions, polarity = (
        ((weights[:, :, None] * one.exp()).sum(dim=1) / divisor[:, None] + (1 - heard)[:, None]).log()
        for one in (sequence.emotions, sequence.polarity)
    )
    reliability = (weights * sequence.quality).sum(dim=1) / divisor
    return emotions, polarity, reliability
