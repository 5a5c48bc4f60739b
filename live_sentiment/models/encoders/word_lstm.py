"""Text by word embeddings and an LSTM in both directions, from scratch."""

from __future__ import annotations

import torch
from torch import Tensor

from live_sentiment.core.config import EncoderConfig
from live_sentiment.models.encoders.encoder import Encoded
from live_sentiment.models.encoders.recurrent import TwoWayLstm
from live_sentiment.models.encoders.words import WordEncoder
from live_sentiment.models.store.store import ModelStore

DEPTH = 1


class WordLstm(WordEncoder):
    """One embedding a word, of the words on both its sides; no clock."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.lstm = TwoWayLstm(config.width, config.width, config.depth or DEPTH, config.dropout)

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        hidden = self.lstm(self.dropout(self.table(inputs)), mask)
        return Encoded(hidden, mask, torch.zeros(mask.shape, device=mask.device))


def build(config: EncoderConfig, _store: ModelStore) -> WordLstm:
    """A network without a vocabulary yet."""
    return WordLstm(config)
