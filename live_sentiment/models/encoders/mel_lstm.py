"""Voice by an LSTM in both directions over log-mel frames, from scratch."""

from __future__ import annotations

from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ
from live_sentiment.models.encoders.encoder import Encoded
from live_sentiment.models.encoders.mel import MELS, MelEncoder, frame_times
from live_sentiment.models.encoders.recurrent import TwoWayLstm
from live_sentiment.models.store.store import ModelStore

HOP = 320  # samples, 20 ms: half the steps of the usual 10 ms
DEPTH = 1


class MelLstm(MelEncoder):
    """One embedding each 20 ms, of the sound on both its sides."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config, HOP)
        self.dropout = nn.Dropout(config.dropout)
        self.lstm = TwoWayLstm(MELS, config.width, config.depth or DEPTH, config.dropout)

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        hidden = self.lstm(self.dropout(inputs), mask)
        return Encoded(hidden, mask, frame_times(mask, HOP / SAMPLE_RATE_HZ))


def build(config: EncoderConfig, _store: ModelStore) -> MelLstm:
    """An untrained network."""
    return MelLstm(config)
