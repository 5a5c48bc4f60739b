"""Whisper on a short stretch of sound: faster-whisper with an encoder that is not padded to thirty seconds.

Whisper's decoder expects the encoding of exactly 30 s. Padding every pass to it costs the encoder as much for
5 s of sound as for 30, and a shorter encoding makes the decoder loop. `Recogniser` encodes the sound with a
short quiet tail and splices the encoding of silence, computed once, behind it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import SAMPLE_RATE_HZ, FloatArray, Word

SHORTEST = SAMPLE_RATE_HZ // 50
"""Samples that make one step of the encoding, 20 ms: there are no words in less."""

SILENCE_MEL = -1.5
"""Whisper's log-mel of digital silence: (log10(1e-10) + 4) / 4."""

FLOOR_BELOW_MAX = 2.0
"""Whisper clips its log-mel 8 decades below the maximum, and divides by 4."""

TAIL_FRAMES: Mapping[int, int] = {384: 100}
"""Mel frames (10 ms each) of quiet encoded behind the sound, by width of the model: tiny needs fewest."""

LONG_TAIL_FRAMES = 200
"""For base, which is sensitive to it, and for the larger models, which were not measured."""

TOKENS_PER_S = 10
"""Generous for speech at twice the usual speed (7 words a second); bounds what a looping decoder can cost."""

OPENING = "\"'“¿([{-"
"""Punctuation that belongs to the word behind it ..."""
CLOSING = "\"'.。,，!！?？:：”)]}、"
"""... and to the word before it."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What one pass heard."""

    words: tuple[Word, ...]
    """In order; times in seconds from the first sample given."""
    no_speech_probability: float
    """Whisper's own estimate that nobody speaks, in [0, 1]."""
    mean_log_probability: float
    """Over the decoded tokens."""
    compression_ratio: float
    """Of the text under zlib; 0 without text. A loop compresses well."""


class Recogniser(WhisperModel):  # type: ignore[misc]
    """A Whisper model that hears one stretch of up to 30 s at a time; it keeps nothing between two passes.

    Safe to call from several threads.

    Args:
        model: local folder of a CTranslate2 Whisper model, or a name that faster-whisper finds on the hub.
        language: ISO 639-1 code.
        encoding: "spliced" (see the module), or "padded" to 30 s as Whisper does it.
        device: "cpu" (int8) or "cuda" (float16).
        threads: CPU threads of one pass.
        offline: never ask the hub.

    Raises:
        UsageError: the model does not know the language.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        language: str = "en",
        encoding: Literal["spliced", "padded"] = "spliced",
        device: Literal["cpu", "cuda"] = "cpu",
        threads: int = 1,
        offline: bool = False,
    ) -> None:
        super().__init__(
            str(model),
            device=device,
            compute_type="float16" if device == "cuda" else "int8",
            cpu_threads=threads,
            num_workers=1,
            local_files_only=offline,
        )
        multilingual = self.model.is_multilingual
        if language != "en" and not multilingual:
            raise UsageError(
                f"{Path(model).name} knows English only; for {language!r} choose a multilingual model, "
                "for example --set perception.speech.model=whisper-base"
            )
        try:
            self._tokenizer = Tokenizer(self.hf_tokenizer, multilingual, task="transcribe", language=language)
        except ValueError as error:
            raise UsageError(f"Whisper knows no language {language!r}; give a code like en or de") from error
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])
        self._silence = self._encoding_of_silence() if encoding == "spliced" else None

    def encode(self, features: FloatArray) -> ctranslate2.StorageView:
        """Encode log-mel features, shape (bins, frames), to the 30 s encoding that the decoder expects.

        `transcribe` hands over features already padded with zeros. No frame of sound is zero in every bin,
        so that the padding is known, and left out.
        """
        frames = self.feature_extractor.nb_max_frames
        if self._silence is None:
            return ctranslate2.StorageView.from_array(self._encoded(pad_or_trim(features, frames)))
        sound = features[:, : _content_frames(features)]
        silence = self._silence.result()
        tail = TAIL_FRAMES.get(silence.shape[-1], LONG_TAIL_FRAMES)
        quiet = np.full(
            (len(sound), min(tail, frames - sound.shape[1])),
            sound.max(initial=SILENCE_MEL + FLOOR_BELOW_MAX) - FLOOR_BELOW_MAX,
            np.float32,
        )
        heard = self._encoded(np.concatenate([sound, quiet], axis=1))
        spliced = np.concatenate([heard, silence[:, heard.shape[1] :]], axis=1)
        return ctranslate2.StorageView.from_array(spliced)

    def recognise(self, samples: FloatArray, *, beam: int = 1) -> Hypothesis:
        """Recognise the words in `samples`, shape (n,), float32, 16 kHz mono, up to 30 s.

        Greedy or beam search without sampling: the same sound always gives the same words.

        Args:
            samples: the sound.
            beam: hypotheses kept while decoding; 1 is greedy.

        Raises:
            ValueError: more than 30 s.
        """
        if len(samples) > self.feature_extractor.n_samples:
            raise ValueError(f"{len(samples) / SAMPLE_RATE_HZ:.1f} s of sound in one pass, 30 s at most")
        if len(samples) < SHORTEST:
            return Hypothesis((), 1.0, 0.0, 0.0)
        features = self.feature_extractor(samples)[:, :-1]
        encoded = self.encode(features)
        prompt = self.get_prompt(self._tokenizer, [], without_timestamps=True)
        new_tokens = 16 + TOKENS_PER_S * len(samples) // SAMPLE_RATE_HZ
        # CTranslate2 counts the prompt, and allows at most half of `max_length` behind it.
        longest = max(len(prompt) + new_tokens, 2 * new_tokens)
        (result,) = self.model.generate(
            encoded,
            [prompt],
            beam_size=beam,
            max_length=min(longest, self.max_length),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )
        tokens = [token for token in result.sequences_ids[0] if token < self._tokenizer.eot]
        return Hypothesis(
            self._timed_words(tokens, encoded, features.shape[1]),
            float(result.no_speech_prob),
            # The score is the mean over the tokens; the end of the text, not among them, counts as one more.
            float(result.scores[0]) * len(tokens) / (len(tokens) + 1),
            _compression_ratio(self._tokenizer.decode(tokens)),
        )

    def _encoded(self, features: FloatArray) -> FloatArray:
        storage = ctranslate2.StorageView.from_array(np.ascontiguousarray(features[None]))
        return np.array(self.model.encode(storage, to_cpu=True))

    def _encoding_of_silence(self) -> Future[FloatArray]:
        """Made beside whatever is loaded next: it takes as long as loading the model, and imports nothing."""
        bins, frames = len(self.feature_extractor.mel_filters), self.feature_extractor.nb_max_frames
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="silence")
        encoding = thread.submit(self._encoded, np.full((bins, frames), SILENCE_MEL, np.float32))
        thread.shutdown(wait=False)
        return encoding

    def _timed_words(
        self, tokens: list[int], encoded: ctranslate2.StorageView, frames: int
    ) -> tuple[Word, ...]:
        """Words with the times that the decoder's cross-attention gives them, in one teacher-forced pass.

        Dynamic time warping over the alignment heads, as in openai-whisper's `timing.py`.
        """
        if not tokens:
            return ()
        (timings,) = self.find_alignment(self._tokenizer, [tokens], encoded, frames)
        merge_punctuations(timings, OPENING, CLOSING)
        return tuple(
            Word(text, float(timing["start"]), float(timing["end"]), float(timing["probability"]))
            for timing in timings
            if (text := timing["word"].strip())
        )


def _content_frames(features: FloatArray) -> int:
    used = np.flatnonzero(features.any(axis=0))
    return int(used[-1]) + 1 if len(used) else 0


def _compression_ratio(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))
