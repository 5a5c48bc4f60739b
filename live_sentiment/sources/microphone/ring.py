"""Where the sound card's callback leaves its samples: memory set aside beforehand, one writer, one reader.

PortAudio calls from a thread that must not be kept waiting. What it runs here copies the samples, notes what
the callback was told of time, and counts; nothing waits for a lock, and nothing is allocated but the numbers
and array views of the copy itself. Writer and reader share no variable that both of them set, and each
publishes its counter after its data, so that one thread on each side is safe without more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import FloatArray


@dataclass(frozen=True, slots=True)
class BlockNote:
    """What is known of one block of samples that a callback brought."""

    count: int
    """Samples per channel that the device gave before this block, with those for which there was no room."""
    frames: int
    """Samples per channel in this block."""
    host_s: float
    """The clock, when the callback was called."""
    age_s: float
    """By how much the first sample is older than that, as the callback was told."""
    overflow: bool
    """Whether the system lost sound before this block."""


class SampleRing:
    """A ring of samples, and a small one of notes about them.

    A block for which there is no room is passed over as a whole: the next note's `count` tells.

    Args:
        capacity: samples per channel that may wait.
        channels: samples at a time.
        notes: blocks that may wait, however short.
    """

    def __init__(self, capacity: int, channels: int, notes: int = 4096) -> None:
        # Written once, so that the first lap of the callback does not wait for memory pages.
        self._samples: FloatArray = np.full((capacity, channels), 0.0, np.float32)
        self._counts: NDArray[np.int64] = np.full((notes, 2), 0, np.int64)  # count, frames
        self._times: NDArray[np.float64] = np.full((notes, 2), 0.0, np.float64)  # host_s, age_s
        self._overflows: NDArray[np.bool_] = np.full(notes, False)
        # The writer's:
        self._given = 0  # samples the device gave, room or not
        self._written = 0  # samples copied in
        self._noted = 0
        self._heard_s: float | None = None
        # The reader's:
        self._read = 0
        self._taken = 0

    @property
    def heard_s(self) -> float | None:
        """The clock at the latest callback; None before the first one."""
        return self._heard_s

    def write(self, block: NDArray[Any], host_s: float, age_s: float, overflow: bool) -> None:
        """Copy a callback's block, shape (n, channels); for the writer alone."""
        frames = len(block)
        capacity = len(self._samples)
        place = self._noted % len(self._counts)
        if self._written + frames - self._read <= capacity and self._noted - self._taken < len(self._counts):
            first = self._written % capacity
            fits = min(frames, capacity - first)
            self._samples[first : first + fits] = block[:fits]
            self._samples[: frames - fits] = block[fits:]
            self._counts[place, 0] = self._given
            self._counts[place, 1] = frames
            self._times[place, 0] = host_s
            self._times[place, 1] = age_s
            self._overflows[place] = overflow
            self._written += frames
            self._noted += 1
        self._given += frames
        self._heard_s = host_s

    def take(self) -> BlockNote | None:
        """The next note, whose samples can then be read; None where nothing new has come. For the reader."""
        if self._taken == self._noted:
            return None
        place = self._taken % len(self._counts)
        (count, frames), (host_s, age_s) = self._counts[place].tolist(), self._times[place].tolist()
        note = BlockNote(count, frames, host_s, age_s, bool(self._overflows[place]))
        self._taken += 1
        return note

    def read(self, frames: int) -> FloatArray:
        """A copy of the next samples, shape (frames, channels), of notes taken before. For the reader."""
        capacity = len(self._samples)
        first = self._read % capacity
        fits = min(frames, capacity - first)
        samples: FloatArray = np.concatenate(
            [self._samples[first : first + fits], self._samples[: frames - fits]]
        )
        self._read += frames
        return samples
