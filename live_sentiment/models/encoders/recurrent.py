"""An LSTM over sequences of different length that never sees their padding."""

from __future__ import annotations

from torch import Tensor, nn


class TwoWayLstm(nn.Module):
    """S. Hochreiter, J. Schmidhuber 1997, "Long short-term memory"; one in each direction, side by side.

    Args:
        inputs: size of a step.
        width: size of a step's result, half of it from each direction.
        depth: layers on top of each other.
        dropout: between the layers.
    """

    def __init__(self, inputs: int, width: int, depth: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            inputs,
            width // 2,
            depth,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if depth > 1 else 0.0,
        )

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        """Steps (B, T, inputs), of which `mask` (B, T) tells the real ones, to (B, T, width), float32."""
        packed = nn.utils.rnn.pack_padded_sequence(
            steps, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False
        )
        hidden, _ = self.lstm(packed)
        padded, _ = nn.utils.rnn.pad_packed_sequence(hidden, batch_first=True, total_length=mask.shape[1])
        return padded.float()
