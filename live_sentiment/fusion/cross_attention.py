"""Cross-modal attention: each modality asks the others what they saw, and when.

Every look becomes a token of common width: its embedding, its expert's opinion, its quality, its modality and
its time before the window's end. The tokens of one modality are the queries over the tokens of the *others*
(the crossmodal transformer of Tsai et al., "Multimodal transformer for unaligned multimodal language
sequences", ACL 2019, with the time of a token instead of its position); then each modality's tokens are
pooled by attention and the pooled modalities are averaged. Masks run through all of it, so that any subset of
the modalities is an input like any other; a modality that is alone attends to one learnt token that stands
for "nobody else".
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality

WIDTH = 64
HEADS = 4
DROPOUT = 0.2
PERIODS_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Periods of the sines and cosines that encode time: from the distance of two words to four windows."""


class CrossAttention(Fuser):
    """The learnt fuser; about 0.2 million weights."""

    def __init__(self, experts: Mapping[Modality, Expert]) -> None:
        super().__init__(experts)
        self.tokens = nn.ModuleDict({name: Tokens(dim) for name, dim in self.embedding_dims.items()})
        self.crossings = nn.ModuleDict({name: Crossing() for name in MODALITIES})
        self.poolings = nn.ModuleDict({name: nn.Linear(WIDTH, 1) for name in MODALITIES})
        self.nobody = nn.Parameter(0.02 * torch.randn(1, 1, WIDTH))
        self.norm = nn.LayerNorm(WIDTH)
        self.emotion_head = nn.Linear(WIDTH, len(EMOTIONS))
        self.polarity_head = nn.Linear(WIDTH, len(POLARITIES))

    def forward(self, batch: FusionBatch) -> FusionOutput:
        """Fuse what is there; the prior where there is nothing."""
        tokens = {name: self.tokens[name](batch.sequences[name]) for name in MODALITIES}
        masks = {name: batch.sequences[name].mask for name in MODALITIES}
        rows = len(batch)
        pooled = []
        for name in MODALITIES:
            others = [other for other in MODALITIES if other != name]
            context = torch.cat(
                [self.nobody.expand(rows, 1, WIDTH), *(tokens[other] for other in others)], dim=1
            )
            nobody_mask = torch.ones(rows, 1, dtype=torch.bool, device=context.device)
            context_mask = torch.cat([nobody_mask, *(masks[other] for other in others)], dim=1)
            informed = self.crossings[name](tokens[name], context, context_mask)
            pooled.append(_attention_pool(informed, self.poolings[name](informed), masks[name]))
        present = batch.present.to(context.dtype)[:, :, None]
        fused = (torch.stack(pooled, dim=1) * present).sum(dim=1) / present.sum(dim=1).clamp(min=1.0)
        fused = self.norm(fused)
        anyone = batch.present.any(dim=1, keepdim=True)
        return FusionOutput.from_logits(
            torch.where(anyone, self.emotion_head(fused), self.log_emotion_prior),
            torch.where(anyone, self.polarity_head(fused), self.log_polarity_prior),
        )


class Tokens(nn.Module):
    """From the sequence of one modality to tokens, shape (B, T, WIDTH)."""

    periods_s: Tensor

    def __init__(self, embedding_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(embedding_dim)
        self.embedding = nn.Linear(embedding_dim, WIDTH)
        self.opinion = nn.Linear(len(EMOTIONS) + len(POLARITIES) + 1 + 2 * len(PERIODS_S), WIDTH)
        self.dropout = nn.Dropout(DROPOUT)
        self.register_buffer("periods_s", torch.tensor(PERIODS_S))

    def forward(self, sequence: ModalitySequence) -> Tensor:
        """The bias of the projections tells the modalities apart."""
        phase = 2 * math.pi * sequence.times_s[:, :, None] / self.periods_s
        rest = [sequence.emotions, sequence.polarity, sequence.quality[:, :, None], phase.sin(), phase.cos()]
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

    def forward(self, tokens: Tensor, context: Tensor, context_mask: Tensor) -> Tensor:
        """Tokens (B, T, WIDTH) that have seen the context (B, S, WIDTH) where its mask (B, S) is True."""
        keys = self.context_norm(context)
        seen, _ = self.attention(
            self.query_norm(tokens), keys, keys, key_padding_mask=~context_mask, need_weights=False
        )
        tokens = tokens + seen
        widened: Tensor = self.feed_forward(tokens)
        return tokens + widened


def _attention_pool(tokens: Tensor, scores: Tensor, mask: Tensor) -> Tensor:
    """Mean of tokens (B, T, WIDTH) weighted by the softmax of scores (B, T, 1) over the mask, or zero."""
    # A finite floor, for the softmax of nothing but -inf is not a number; an empty row is multiplied away.
    weights = scores.masked_fill(~mask[:, :, None], torch.finfo(scores.dtype).min).softmax(dim=1)
    return (weights * mask[:, :, None] * tokens).sum(dim=1)
