"""Product of experts: every modality's opinion counts by how far it departs from what it would say of anyone.

    log p(y | all)  =  log prior(y)  +  Σ_m  log((1 − ε) · r_m(y) + ε + κ_m · r_m(neutral))  +  const
           r_m(y)  =  (p_m(y) / (prior_m(y) · c_m(y))) ^ (w_m · t_m)

This is the naive-Bayes form of G. E. Hinton's product of experts ("Training products of experts by minimizing
contrastive divergence", Neural Computation 14, 2002) for experts that were calibrated under priors of their
own. As there, each expert is mixed with a uniform one, so that none has a veto: with probability ε a modality
shows something else than the person feels (`MISLED`), and then says nothing about it. Nor has a modality a
vote against another for showing nothing in particular: words are mostly neutral and a face at rest, whatever
is felt. At odds of κ to 1 − ε a modality looks neutral because it is not where the feeling shows (`UNMOVED`).

The weights w are learnt on validation data for each subset of the modalities; together they are the
temperature, since the product holds only for modalities independent given y. So are the corrections c of what
an expert would say of anyone, whose prior as stated is rarely quite the one it has. t is the trust in the
quality of what was looked at.

Within a modality the looks of one window are no independent witnesses. They are pooled linearly, as a mean of
probabilities, by quality and recency.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality
from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import MISLED, Fuser, FusionOutput, trust

RECENCY_S: Mapping[Modality, float] = {"text": 0.3, "voice": 0.3, "vision": 4.0}
"""Time constant by which a look loses weight against the last one of its modality. The last word's
observation holds the whole utterance, and the last look at the voice the last seconds of it: they nearly
replace those before them. A face is read as the mean over a window of the default length."""

HIGHEST_WEIGHT = 2.0
"""An opinion counts at most twice as much as it says. A fit that asks for more would be of one corpus: acted
voices are easier to read than others."""


UNMOVED: Mapping[Modality, float] = {"text": 1.0, "voice": 0.5, "vision": 0.5}
"""κ: how often a modality shows neutral whatever is felt, against how often it shows what is felt, where
another one is there to show it; alone, it is all there is to go by."""
NEUTRAL = EMOTIONS.index("neutral")


class ProductOfExperts(Fuser):
    """The fuser that needs no embeddings.

    It learns a weight for each modality in each subset, and how far the priors of each expert are off.

    Args:
        experts: whose opinions are multiplied.
        unmoved: κ of each modality; None leaves it out, as when weights are fitted: in pairs of samples of
            one label no modality is neutral where another is not.
    """

    def __init__(
        self, experts: Mapping[Modality, Expert], unmoved: Mapping[Modality, float] | None = UNMOVED
    ) -> None:
        super().__init__(experts)
        self._unmoved = unmoved
        self.emotion_weights = nn.Parameter(torch.ones(len(SUBSETS), len(MODALITIES)))
        """Shape (8, 3): w of each modality in each of SUBSETS."""
        self.polarity_weights = nn.Parameter(torch.ones(len(SUBSETS), len(MODALITIES)))
        """Shape (8, 3), likewise."""
        self.emotion_offsets = nn.Parameter(torch.zeros(len(MODALITIES), len(EMOTIONS)))
        """Shape (3, 7): log c of each modality's emotions."""
        self.polarity_offsets = nn.Parameter(torch.zeros(len(MODALITIES), len(POLARITIES)))
        """Shape (3, 3), likewise."""
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
        emotions, polarity, quality = (torch.stack(parts, dim=1) for parts in zip(*pooled, strict=True))
        trusted = trust(quality)
        subset = batch.subset
        return FusionOutput.from_logits(
            _product(
                emotions - self.log_expert_emotion_priors - self.emotion_offsets,
                trusted * self.emotion_weights[subset].clamp(0.0, HIGHEST_WEIGHT),
                self.log_emotion_prior,
                self._unmoved_of(batch.present),
            ),
            _product(
                polarity - self.log_expert_polarity_priors - self.polarity_offsets,
                trusted * self.polarity_weights[subset].clamp(0.0, HIGHEST_WEIGHT),
                self.log_polarity_prior,
            ),
        )

    def _unmoved_of(self, present: Tensor) -> Tensor | None:
        """κ, shape (B, 3), of modalities in company; zero of one that is alone."""
        if self._unmoved is None:
            return None
        accompanied = present & (present.sum(dim=1, keepdim=True) > 1)
        return accompanied * self.log_emotion_prior.new_tensor([self._unmoved[name] for name in MODALITIES])


def _product(log_ratios: Tensor, weights: Tensor, log_prior: Tensor, unmoved: Tensor | None = None) -> Tensor:
    """Log prior plus the evidence, shape (B, classes), of opinions over their priors (B, 3, classes).

    `unmoved` holds κ, shape (B, 3); None where no class stands for showing nothing.
    """
    ratios = weights[:, :, None] * log_ratios
    told = torch.logaddexp(ratios + math.log(1 - MISLED), ratios.new_tensor(math.log(MISLED)))
    if unmoved is not None:
        neutral = ratios[:, :, NEUTRAL] + unmoved.log()
        told = torch.logaddexp(told, neutral[:, :, None]) - (1 + unmoved).log()[:, :, None]
    # A weight of zero leaves log(1 − ε + ε) = 0: who is absent says nothing.
    return log_prior + told.sum(dim=1)


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
    quality = (weights * sequence.quality).sum(dim=1) / divisor
    return emotions, polarity, quality
