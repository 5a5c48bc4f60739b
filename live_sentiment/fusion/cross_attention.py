"""Cross-modal attention: each modality asks the others what they saw, and when.

Every look becomes a token of common width: its embedding, its expert's opinion, its modality and its time
before the window's end. The tokens of one modality are the queries over the tokens of the *others*
(the crossmodal transformer of Tsai et al., "Multimodal transformer for unaligned multimodal language
sequences", ACL 2019, with the time of a token instead of its position); then each modality's tokens are
pooled by attention and the pooled modalities are averaged. Masks run through all of it, so that any subset of
the modalities is an input like any other; a modality that is alone attends to one learnt token that stands
for "nobody else".

Quality is not learnt from, since no corpus says what a poor look is worth; it acts by construction. A look of
half the quality draws half the attention, a modality of half the quality half the weight in the average, and
the trust in the best of them scales how far the result departs from the prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import Fuser, FusionOutput, trust
from live_sentiment.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality

WIDTH = 64
HEADS = 4
DROPOUT = 0.2
PERIODS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Periods of the sines and cosines that encode time: from the distance of two words to four windows."""
QUALITY_FLOOR = 1e-4
ABSENT = -1e9
"""Attention score of what is not there: its weight is exactly zero next to anything that is."""


class CrossAttention(Fuser):
    """The learnt fuser; about 0.2 million weights."""

    emotion_scale: Tensor
    """Shape (8,): calibration, an inverse temperature of the evidence for each of SUBSETS."""
    polarity_scale: Tensor
    """Shape (8,), likewise."""

    def __init__(self, experts: Mapping[Modality, Expert]) -> None:
        super().__init__(experts)
        self.tokens = nn.ModuleDict({name: Tokens(dim) for name, dim in self.embedding_dims.items()})
        self.crossings = nn.ModuleDict({name: Crossing() for name in MODALITIES})
        self.poolings = nn.ModuleDict({name: nn.Linear(WIDTH, 1) for name in MODALITIES})
        self.nobody = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.norm = nn.LayerNorm(WIDTH)
        self.register_buffer("emotion_scale", torch.ones(len(SUBSETS)))
        self.register_buffer("polarity_scale", torch.ones(len(SUBSETS)))
        self.emotion_head = nn.Linear(WIDTH, len(EMOTIONS))
        self.polarity_head = nn.Linear(WIDTH, len(POLARITIES))

    def forward(self, batch: FusionBatch) -> FusionOutput:
        """Fuse what is there; the prior where there is nothing."""
        fused, quality = self._fuse(batch)
        trusted = trust(quality)
        subset = batch.subset
        return FusionOutput.from_logits(
            self.log_emotion_prior
            + (self.emotion_scale[subset] * trusted)[:, None] * self.emotion_head(fused),
            self.log_polarity_prior
            + (self.polarity_scale[subset] * trusted)[:, None] * self.polarity_head(fused),
        )

    def _fuse(self, batch: FusionBatch) -> tuple[Tensor, Tensor]:
        """What all say together, (B, WIDTH), and the best quality among them, (B,): 0 with nobody there."""
        tokens = {name: self.tokens[name](batch.sequences[name]) for name in MODALITIES}
        biases = {name: _log_quality(batch.sequences[name]) for name in MODALITIES}
        nobody = self.nobody.expand(len(batch), 1, WIDTH)
        pooled, qualities = [], []
        for name in MODALITIES:
            others = [other for other in MODALITIES if other != name]
            context = torch.cat([nobody, *(tokens[other] for other in others)], dim=1)
            nobody_bias = torch.zeros_like(nobody[:, :, 0])
            bias = torch.cat([nobody_bias, *(biases[other] for other in others)], dim=1)
            informed = self.crossings[name](tokens[name], context, bias)
            weights = (self.poolings[name](informed)[:, :, 0] + biases[name]).softmax(dim=1)
            weights = weights * batch.sequences[name].mask
            pooled.append((weights[:, :, None] * informed).sum(dim=1))
            qualities.append((weights * batch.sequences[name].quality).sum(dim=1))
        quality = torch.stack(qualities, dim=1)
        shares = quality / quality.sum(dim=1, keepdim=True).clamp(min=QUALITY_FLOOR)
        fused = (torch.stack(pooled, dim=1) * shares[:, :, None]).sum(dim=1)
        return self.norm(fused), quality.amax(dim=1)


class Tokens(nn.Module):
    """From the sequence of one modality to tokens, shape (B, T, WIDTH)."""

    periods_s: Tensor

    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embedding_dim)
        self.embedding = nn.Linear(embedding_dim, WIDTH)
        self.opinion = nn.Linear(len(EMOTIONS) + len(POLARITIES) + 2 * len(PERIODS_S), WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        self.register_buffer("periods_s", torch.tensor(PERIODS_S))

    def forward(self, sequence: ModalitySequence) -> Tensor:
        """The bias of the projections tells the modalities apart."""
        phase = 2 * math.pi * sequence.times_s[:, :, None] / self.periods_s
        rest = [sequence.emotions, sequence.polarity, phase.sin(), phase.cos()]
        embedded = self.embedding(self.dropout(self.norm(sequence.embeddings)))
        tokens: Tensor = self.dropout(embedded + self.opinion(torch.cat(rest, dim=2)))
        return tokens


class Crossing(nn.Module):
    """One transformer block whose queries are one modality's tokens and whose keys are the others'."""

    def __init__(self) -> None:
        super().__init__()
        self.query_norm = nn.LayerNorm(WIDTH)
        self.context_norm = nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, dropout=DROPOUT, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, 2 * WIDTH),
            nn.GELU(),
            nn.Dropout(DROPOUT),
            nn.Linear(2 * WIDTH, WIDTH),
        )

    def forward(self, tokens: Tensor, context: Tensor, bias: Tensor) -> Tensor:
        """Tokens (B, T, WIDTH) that have seen the context (B, S, WIDTH); `bias` (B, S) adds to its scores."""
        keys = self.context_norm(context)
        seen, _ = self.attention(
            self.query_norm(tokens), keys, keys, key_padding_mask=bias, need_weights=False
        )
        tokens = tokens + seen
        widened: Tensor = self.feed_forward(tokens)
        return tokens + widened


def _log_quality(sequence: ModalitySequence) -> Tensor:
    """What is added to attention scores, (B, T): the weight of a look is proportional to its quality."""
    # Where nothing is seen the floor is finite, for the softmax of nothing but -inf is not a number.
    seen = sequence.quality.clamp(min=QUALITY_FLOOR).log()
    return seen.masked_fill(~sequence.mask, ABSENT)
