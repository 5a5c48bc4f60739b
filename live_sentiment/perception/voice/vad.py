"""Voice activity: Silero's network run as a stream, and a decision with hysteresis on top.

Its recurrent state is kept from chunk to chunk over the whole session, so that it gives the same
probabilities however the sound arrives.
"""

from __future__ import annotations

import math

import numpy as np

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, FloatArray, SpeechActivity
from live_sentiment.models.voice_activity import AT_REST, CHUNK, VoiceActivity
from live_sentiment.perception.voice.continuous import ContinuousSound

CHUNK_S = CHUNK / SAMPLE_RATE_HZ  # 0.032


class SpeechActivityDetector:
    """Sound blocks in, decided chunks out; consecutive results join without gap or overlap.

    A decision, once returned, is never revised. Speech counts from its first chunk, which can only be known
    when `min_speech_s` of it has been heard: where speech may be starting, decisions come up to
    `min_speech_s` late (96 ms by default), otherwise with the chunk itself. Speech lasts until silence has
    lasted `min_silence_s`, so the pauses within a phrase, and that much behind it, count as speech.

    Missing sound is silence: what is left of the chunk is filled up, whole missing chunks have probability 0,
    and the network starts afresh behind them.

    Args:
        config: thresholds and shortest lengths.
        network: shared with other streams.
    """

    def __init__(self, config: VoiceConfig, network: VoiceActivity) -> None:
        self._network = network
        self._hysteresis = _Hysteresis(config)
        self._sound = ContinuousSound()
        self.reset()

    def reset(self) -> None:
        """Forget the sound so far; the next block may start at any time."""
        self._state = AT_REST
        self._hysteresis.reset()
        self._sound.reset()
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._pending: list[float] = []
        self._decided = 0

    def __call__(self, block: AudioBlock) -> SpeechActivity:
        """Hear a block; return the chunks that are decided now, possibly none."""
        stretch = self._sound(block)
        decisions: list[bool] = []
        if stretch.missing:
            decisions += self._skip(stretch.missing)
        decisions += self._hear(stretch.samples)
        return self._result(decisions)

    def speech_share(self, samples: FloatArray) -> float:
        """Mean speech probability of a sound on its own, 16 kHz, that is no part of the stream."""
        probabilities, state = [], AT_REST
        for chunk in samples[: len(samples) // CHUNK * CHUNK].reshape(-1, CHUNK):
            probability, state = self._network(chunk, state)
            probabilities.append(probability)
        return float(np.mean(probabilities)) if probabilities else 0.0

    def finish(self) -> SpeechActivity:
        """Decide the rest: the last chunk is filled up with silence, so it may end up to 32 ms after the
        sound."""
        decisions = self._hear(np.zeros(-len(self._rest) % CHUNK, np.float32))
        return self._result(decisions + self._hysteresis.finish())

    def _hear(self, samples: FloatArray) -> list[bool]:
        sound = np.concatenate((self._rest, samples))
        whole = len(sound) // CHUNK * CHUNK
        self._rest = sound[whole:]
        decisions: list[bool] = []
        for chunk in sound[:whole].reshape(-1, CHUNK):
            probability, self._state = self._network(chunk, self._state)
            decisions += self._decide(probability)
        return decisions

    def _skip(self, missing: int) -> list[bool]:
        fill = min(missing, -len(self._rest) % CHUNK)
        decisions = self._hear(np.zeros(fill, np.float32))
        chunks, left = divmod(missing - fill, CHUNK)
        if chunks:
            self._state = AT_REST
        for _ in range(chunks):
            decisions += self._decide(0.0)
        return decisions + self._hear(np.zeros(left, np.float32))

    def _decide(self, probability: float) -> list[bool]:
        self._pending.append(probability)
        return self._hysteresis(probability)

    def _result(self, decisions: list[bool]) -> SpeechActivity:
        start_s = self._sound.time_s(self._decided * CHUNK)
        probability = np.array(self._pending[: len(decisions)], np.float32)
        del self._pending[: len(decisions)]
        self._decided += len(decisions)
        return SpeechActivity(start_s, CHUNK_S, probability, np.array(decisions, np.bool_))


class _Hysteresis:
    """Probabilities in, decisions out, in order; those of a possible start are held until it is sure."""

    def __init__(self, config: VoiceConfig) -> None:
        self._on, self._off = config.speech_on, config.speech_off
        # The small shift keeps 0.32 s at ten chunks in spite of rounding.
        self._start_chunks = max(1, math.ceil(config.min_speech_s / CHUNK_S - 1e-6))
        self._stop_chunks = max(1, math.ceil(config.min_silence_s / CHUNK_S - 1e-6))
        self.reset()

    def reset(self) -> None:
        self._speaking = False
        self._run = 0
        """While silent: chunks of a possible start that are held back. While speaking: chunks of silence."""

    def __call__(self, probability: float) -> list[bool]:
        return self._while_speaking(probability) if self._speaking else self._while_silent(probability)

    def finish(self) -> list[bool]:
        held = [] if self._speaking else [False] * self._run
        self.reset()
        return held

    def _while_silent(self, probability: float) -> list[bool]:
        if probability < (self._off if self._run else self._on):
            held, self._run = self._run, 0
            return [False] * (held + 1)
        self._run += 1
        if self._run < self._start_chunks:
            return []
        self._speaking, self._run = True, 0
        return [True] * self._start_chunks

    def _while_speaking(self, probability: float) -> list[bool]:
        self._run = self._run + 1 if probability < self._off else 0
        if self._run < self._stop_chunks:
            return [True]
        self._speaking, self._run = False, 0
        return [False]
