"""Readings of a session can be repeated as they were then, and are not repeated for nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import (
    SAMPLE_RATE_HZ,
    AudioBlock,
    Expert,
    FloatArray,
    Observation,
    SpeechActivity,
)
from live_sentiment.explain.readers import KeptVoice, RememberingText
from live_sentiment.perception.voice.analyze import VoiceAnalyzer

EVEN = np.full(3, 1 / 3, np.float32)
DEVIATION = np.array([0.5, 2.0], np.float32)
LENGTH_S = 12.0


class HearsLevel:
    """Level and its square, relative to the speaker; an opinion that follows the first."""

    expert = Expert("voice", 2, np.full(7, 1 / 7, np.float32), EVEN, "level", "")
    usual = (np.zeros(2, np.float32), DEVIATION)

    def __call__(
        self, samples: FloatArray, speech: np.ndarray, normalise: Callable[[FloatArray], FloatArray]
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        level = float(np.abs(samples[speech]).mean())
        embedding = normalise(np.array([level, level**2], np.float32))
        emotions = np.full(7, 0.1, np.float32)
        emotions[1] = 0.1 + embedding[0]
        return embedding, emotions / emotions.sum(), EVEN


def observed(reader: KeptVoice) -> list[Observation]:
    """A voice that grows louder, as the voice stage observes it; nothing else is asked of the reader."""
    samples = np.linspace(0.1, 0.9, round(LENGTH_S * SAMPLE_RATE_HZ)).astype(np.float32)
    chunks = int(LENGTH_S / 0.032)
    active = np.ones(chunks, np.bool_)
    stage = VoiceAnalyzer(VoiceConfig(), reader)
    activity = SpeechActivity(0.0, 0.032, active.astype(np.float32), active)
    return list(stage(AudioBlock(samples, 0.0), activity).observations)


def test_every_reading_can_be_repeated_as_it_was() -> None:
    reader = KeptVoice(HearsLevel())
    found = observed(reader)
    # The speaker's usual has moved on since the first of them.
    assert found[0].embedding[0] != found[-1].embedding[0]
    heard = reader.heard(found)
    assert [window.time_s for window in heard.windows] == [one.time_s for one in found]
    for window, one in zip(heard.windows, found, strict=True):
        embedding, emotions, _ = heard(window)
        np.testing.assert_allclose(embedding, one.embedding, atol=1e-6)
        np.testing.assert_allclose(emotions, one.emotions, atol=1e-6)


def test_repeating_teaches_the_reader_nothing_of_the_speaker() -> None:
    reader, alone = KeptVoice(HearsLevel()), KeptVoice(HearsLevel())
    found = observed(reader)
    heard = reader.heard(found)
    for window in heard.windows:
        heard(window)
    again = [heard(window)[0] for window in heard.windows]
    for one, other in zip(again, observed(alone), strict=True):
        np.testing.assert_allclose(one, other.embedding, atol=1e-6)


def test_sound_that_no_window_asks_for_any_more_is_let_go() -> None:
    reader = KeptVoice(HearsLevel())
    found = observed(reader)
    assert len(reader.heard(found[4:8]).windows) == 4
    assert reader.heard(found[:4]).windows == []
    assert len(reader.heard([]).windows) == 0
    assert len(reader.heard(found[6:]).windows) == len(found) - 6


def test_a_text_is_read_once() -> None:
    class Counts:
        expert, context_utterances = HearsLevel.expert, 2

        def __init__(self) -> None:
            self.read: list[tuple[str, str]] = []

        def fits(self, text: str) -> bool:
            return len(text) < 9

        def __call__(self, text: str, context: str = "") -> tuple[FloatArray, FloatArray, FloatArray]:
            self.read.append((text, context))
            return np.full(2, len(text), np.float32), np.full(7, 1 / 7, np.float32), EVEN

    counts = Counts()
    reader = RememberingText(counts)
    assert [reader(text, context)[0][0] for text, context in (("so", ""), ("so", ""), ("so", "it is"))] == [
        2
    ] * 3
    assert counts.read == [("so", ""), ("so", "it is")]
    assert (reader.fits("nine char"), reader.context_utterances, reader.expert) == (False, 2, counts.expert)
