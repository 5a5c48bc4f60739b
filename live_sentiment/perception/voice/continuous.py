"""Sound as one unbroken run of samples on the clock of its stamps, whatever the blocks were."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, FloatArray

TOLERANCE_S = 0.02
"""How far the stamps may stray from the count of samples before the stamps are believed: rounding and the
slow drift of a sound card stay below it for minutes, a lost block does not."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one block adds."""

    missing: int
    """Samples that were lost just before these."""
    samples: FloatArray
    """Shape (n,): the block's samples, less those whose time had already passed; finite."""


class ContinuousSound:
    """Turns stamped blocks into consecutive samples; sample number n belongs at `time_s(n)`.

    The first block sets the origin. A block that starts later than the samples so far leads to missing
    samples, one that starts earlier is cut at its front, so that the time of a sample is always that of its
    stamp to within TOLERANCE_S.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the origin."""
        self._origin_s: float | None = None
        self._count = 0

    @property
    def count(self) -> int:
        """Samples so far, the missing ones included."""
        return self._count

    def time_s(self, sample: int) -> float:
        """Session time of a sample by its number; 0.0 before the first block."""
        return (self._origin_s or 0.0) + sample / SAMPLE_RATE_HZ

    def number(self, time_s: float) -> int:
        """Number of the sample at a session time."""
        return round((time_s - (self._origin_s or 0.0)) * SAMPLE_RATE_HZ)

    def __call__(self, block: AudioBlock) -> Stretch:
        """Place a block behind those before it.

        Raises:
            ValueError: the block is not at SAMPLE_RATE_HZ.
        """
        if block.sample_rate_hz != SAMPLE_RATE_HZ:
            raise ValueError(f"perception takes {SAMPLE_RATE_HZ} Hz, not {block.sample_rate_hz} Hz")
        if self._origin_s is None:
            self._origin_s = block.start_s
        # A single NaN (broken float WAV) would stay in a recurrent state for the rest of the session.
        samples = np.nan_to_num(block.samples, nan=0.0, posinf=0.0, neginf=0.0)
        ahead = self.number(block.start_s) - self._count
        if abs(ahead) <= TOLERANCE_S * SAMPLE_RATE_HZ:
            ahead = 0
        missing, samples = max(ahead, 0), samples[max(-ahead, 0) :]
        self._count += missing + len(samples)
        return Stretch(missing, samples)
