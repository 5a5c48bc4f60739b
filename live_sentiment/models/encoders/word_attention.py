"""Text by word embeddings and attention pooling, from scratch: which words count is all it learns.

    h  =  Σ softmax(aᵀx) x

over the embeddings x of the words, as in Z. Yang et al. 2016, "Hierarchical attention networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.models.encoders.encoder import Encoded
from live_sentiment.models.encoders.words import WordEncoder
from live_sentiment.models.store.store import ModelStore


class WordAttention(WordEncoder):
    """One embedding a text; no clock."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.attention = nn.Parameter(torch.zeros(config.width))

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`; T is 1."""
        words = self.dropout(self.table(inputs))
        scores = (words @ self.attention).masked_fill(~mask, -torch.inf)
        pooled = (scores.softmax(dim=1)[:, :, None] * words).sum(dim=1, keepdim=True)
        return Encoded(
            pooled.float(),
            torch.ones(len(mask), 1, dtype=torch.bool, device=mask.device),
            torch.zeros(len(mask), 1, device=mask.device),
        )


def build(config: EncoderConfig, _store: ModelStore) -> WordAttention:
    """A network without a vocabulary yet."""
    return WordAttention(config)
