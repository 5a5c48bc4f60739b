"""What the spliced encoder gains and costs beside the padded one: word error and time, on any clips."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal, TypeAlias

import numpy as np
from faster_whisper.audio import decode_audio

from live_sentiment.core.config import ComputeConfig, SpeechConfig, VoiceConfig
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, FloatArray, Word
from live_sentiment.models.compute import onnx_options
from live_sentiment.models.transcriber import Hypothesis, Recogniser
from live_sentiment.models.voice_activity import VoiceActivity
from live_sentiment.perception.speech.streaming import StreamingTranscriber
from live_sentiment.perception.speech.wer import word_error_rate
from live_sentiment.perception.voice.vad import SpeechActivityDetector

Clip: TypeAlias = tuple[Path | FloatArray, str]
"""A media file, or samples of shape (n,), float32, 16 kHz mono; and the words that are said in it."""

Encoding: TypeAlias = Literal["spliced", "padded"]
Mode: TypeAlias = Literal["whole", "streaming"]
ENCODINGS: tuple[Encoding, ...] = ("spliced", "padded")
MODES: tuple[Mode, ...] = ("whole", "streaming")

BLOCK = SAMPLE_RATE_HZ // 10
"""Samples handed to the streaming stages at a time."""

MAX_NEW_TOKENS = 200
"""Of one 30 s window: fast speech, with its timestamps."""


@dataclass(frozen=True, slots=True)
class SpeechRow:
    """One line of the comparison."""

    encoding: Encoding
    mode: Mode
    """faster-whisper's `transcribe` over each clip, or growing buffers as in a session."""
    word_error_rate: float
    """Pooled over the clips; `wer.normalise` says which spellings are the same."""
    passes: int
    """Clips if whole, runs of the recogniser if streaming."""
    pass_ms: float
    """Median time of one of them. Streaming includes the words' times; neither includes voice activity."""
    real_time_factor: float
    """Time of all passes over length of all clips."""


def compare_encodings(
    clips: Sequence[Clip],
    model: str | Path,
    *,
    config: SpeechConfig | None = None,
    voice: VoiceConfig | None = None,
    threads: int = 1,
) -> list[SpeechRow]:
    """Transcribe every clip whole and streaming, spliced and padded: four rows.

    Args:
        clips: sound with its reference text.
        model: what `Recogniser` loads; usually a folder of the store.
        config: language, beam, hop and buffer; its encoding is set aside.
        voice: settings of the voice activity detector, for streaming.
        threads: CPU threads of one pass.

    Raises:
        ValueError: the references hold no words.
    """
    config, voice = config or SpeechConfig(), voice or VoiceConfig()
    sounds = [decode_audio(str(clip)) if isinstance(clip, Path) else clip for clip, _ in clips]
    references = [reference for _, reference in clips]
    rows: list[SpeechRow] = []
    for encoding in ENCODINGS:
        recogniser = _TimedRecogniser(model, language=config.language, encoding=encoding, threads=threads)
        # The first pass of a model is slower: its buffers are made.
        recogniser.recognise(np.zeros(SAMPLE_RATE_HZ, np.float32))
        for mode in MODES:
            recogniser.times_s.clear()
            heard = [
                recogniser.whole(sound, config)
                if mode == "whole"
                else " ".join(word.text for word in stream(sound, recogniser, config, voice))
                for sound in sounds
            ]
            rows.append(
                SpeechRow(
                    encoding,
                    mode,
                    word_error_rate(zip(references, heard, strict=True)),
                    len(recogniser.times_s),
                    1000 * median(recogniser.times_s or [0.0]),
                    sum(recogniser.times_s) * SAMPLE_RATE_HZ / sum(map(len, sounds)),
                )
            )
    return rows


def stream(sound: FloatArray, recogniser: Recogniser, config: SpeechConfig, voice: VoiceConfig) -> list[Word]:
    """The words that a session commits while it hears `sound`, shape (n,), float32, 16 kHz mono."""
    detector = SpeechActivityDetector(voice, VoiceActivity(onnx_options(ComputeConfig())))
    transcriber = StreamingTranscriber(config, recogniser)
    words: list[Word] = []
    for first in range(0, len(sound), BLOCK):
        block = AudioBlock(sound[first : first + BLOCK], first / SAMPLE_RATE_HZ)
        transcript = transcriber(block, detector(block))
        words += transcript.committed if transcript else ()
    return [*words, *transcriber.finish(detector.finish()).committed]


class _TimedRecogniser(Recogniser):
    """Notes how long each pass takes."""

    def __init__(
        self,
        model: str | Path,
        *,
        language: str,
        encoding: Encoding,
        threads: int,
    ) -> None:
        super().__init__(model, language=language, encoding=encoding, threads=threads)
        self.times_s: list[float] = []

    def recognise(self, samples: FloatArray, *, beam: int = 1) -> Hypothesis:
        start_s = time.perf_counter()
        hypothesis = super().recognise(samples, beam=beam)
        self.times_s.append(time.perf_counter() - start_s)
        return hypothesis

    def whole(self, samples: FloatArray, config: SpeechConfig) -> str:
        start_s = time.perf_counter()
        segments, _ = self.transcribe(
            samples,
            language=config.language,
            beam_size=config.beam,
            temperature=0.0,
            condition_on_previous_text=False,
            max_new_tokens=MAX_NEW_TOKENS,
        )
        text = " ".join(segment.text for segment in segments)
        self.times_s.append(time.perf_counter() - start_s)
        return text
