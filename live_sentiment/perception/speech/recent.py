"""The last seconds of sound and of voice activity, by sample number."""

from __future__ import annotations

from collections import deque

import numpy as np

from live_sentiment.core.types import FloatArray


class RecentSound:
    """Samples by number; what was never appended reads as silence."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[int, FloatArray]] = deque()

    def append(self, first: int, samples: FloatArray) -> None:
        """Add samples numbered from `first`, behind all before them."""
        if len(samples):
            self._pieces.append((first, samples))

    def forget(self, before: int) -> None:
        """Let go of whole pieces that end at or before a sample number."""
        while self._pieces and self._pieces[0][0] + len(self._pieces[0][1]) <= before:
            self._pieces.popleft()

    def between(self, first: int, end: int) -> FloatArray:
        """The samples [first, end), shape (end - first,)."""
        sound = np.zeros(end - first, np.float32)
        for start, samples in self._pieces:
            low, high = max(start, first), min(start + len(samples), end)
            if low < high:
                sound[low - first : high - first] = samples[low - start : high - start]
        return sound


class RecentSpeech:
    """Stretches of speech by sample number, in order; those less than `bridge` samples apart become one."""

    def __init__(self, bridge: int = 0) -> None:
        self._bridge = bridge
        self._stretches: deque[tuple[int, int]] = deque()

    def append(self, first: int, end: int) -> None:
        """Add [first, end), behind all before it."""
        if self._stretches and self._stretches[-1][1] + self._bridge >= first:
            first = self._stretches.pop()[0]
        self._stretches.append((first, end))

    def forget(self, before: int) -> None:
        """Let go of stretches that end at or before a sample number."""
        while self._stretches and self._stretches[0][1] <= before:
            self._stretches.popleft()

    def clip(self, first: int, end: int, slack: int) -> tuple[int, int] | None:
        """The part of [first, end) that lies within `slack` of one stretch: the one it shares most with.

        None if it touches no speech.
        """
        parts = [
            (max(first, start - slack), min(end, stop + slack))
            for start, stop in self._stretches
            if start - slack <= end and first <= stop + slack
        ]
        return max(parts, key=lambda part: part[1] - part[0], default=None)
