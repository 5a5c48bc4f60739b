"""When the voice is read: on a fixed grid of session time, wherever someone has just spoken."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, BoolArray, FloatArray, SpeechActivity
from live_sentiment.perception.speech.recent import RecentSound
from live_sentiment.perception.voice.continuous import ContinuousSound

GRID_SLACK_S = 1e-6
"""What rounding may take from a time on the grid; a sixtieth of a sample."""


@dataclass(frozen=True, slots=True)
class SpokenWindow:
    """The sound behind one moment of the grid."""

    time_s: float
    """The moment: a multiple of the hop, and the end of the sound."""
    samples: FloatArray
    """Shape (n,): the last `context_s`, or less right after the start."""
    speech: BoolArray
    """Shape (n,): which of them are speech."""
    speech_s: float
    """How much of it is speech."""
    new_speech_s: float
    """How much of the last hop is speech: a sum over windows counts no sound twice."""


class SpokenWindows:
    """Sound and its voice activity in, one window per hop with speech in it out.

    Speech is what the detector decides to be, less the silence that it holds on for. A window is due where
    the last hop has `min_speech_s` of it and the whole window `enough_speech_s`. Which windows come does not
    depend on the blocks; a window comes as soon as sound and activity reach its end. Missing sound is
    silence.
    """

    def __init__(self, config: VoiceConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """Forget the sound; the next block may start at any time."""
        self._clock = ContinuousSound()
        self._sound = RecentSound()
        self._speech: deque[tuple[int, int]] = deque()
        self._decided = 0
        self._next: int | None = None

    @property
    def known_s(self) -> float:
        """Session time up to which all windows are out; minus infinity before the first block."""
        if self._next is None:
            return -math.inf
        return self._clock.time_s(min(self._decided, self._clock.count))

    def __call__(self, block: AudioBlock, activity: SpeechActivity) -> list[SpokenWindow]:
        """Hear a block and what was decided since the last one, which may lag behind the sound."""
        if self._next is None and len(block.samples) == 0:
            return []
        stretch = self._clock(block)
        if self._next is None:
            self._next = math.ceil((block.start_s + GRID_SLACK_S) / self._config.hop_s)
        self._sound.append(self._clock.count - len(stretch.samples), stretch.samples)
        self._decide(activity)
        return self._due()

    def finish(self) -> list[SpokenWindow]:
        """The windows that only lacked a decision: what is undecided at the end is silence."""
        self._decided = max(self._decided, self._clock.count)
        return [] if self._next is None else self._due()

    def _decide(self, activity: SpeechActivity) -> None:
        speech = activity.active & (activity.probability >= self._config.speech_off)
        # Sample numbers come from the chunk's own time, as the activity counts from the same first block.
        edges = [
            self._clock.number(activity.start_s + index * activity.chunk_s)
            for index in range(len(speech) + 1)
        ]
        self._speech += [(edges[index], edges[index + 1]) for index in np.flatnonzero(speech)]
        self._decided = max(self._decided, edges[-1])

    def _due(self) -> list[SpokenWindow]:
        windows: list[SpokenWindow] = []
        known = min(self._decided, self._clock.count)
        while self._next is not None:
            end = self._clock.number(self._next * self._config.hop_s)
            if end > known:
                break
            window = self._window(self._next * self._config.hop_s, end)
            if window is not None:
                windows.append(window)
            self._next += 1
            self._forget(end + _samples(self._config.hop_s - self._config.context_s))
        return windows

    def _window(self, time_s: float, end: int) -> SpokenWindow | None:
        first = max(0, end - _samples(self._config.context_s))
        fresh = max(first, end - _samples(self._config.hop_s))
        if not self._speech or self._speech[-1][1] <= fresh:
            return None
        speech = np.zeros(end - first, np.bool_)
        for start, stop in self._speech:
            speech[max(start - first, 0) : max(stop - first, 0)] = True
        speech_s = float(speech.sum()) / SAMPLE_RATE_HZ
        new_s = float(speech[fresh - first :].sum()) / SAMPLE_RATE_HZ
        if new_s < self._config.min_speech_s or speech_s < self._config.enough_speech_s:
            return None
        return SpokenWindow(time_s, self._sound.between(first, end), speech, speech_s, new_s)

    def _forget(self, before: int) -> None:
        self._sound.forget(before)
        while self._speech and self._speech[0][1] <= before:
            self._speech.popleft()


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
