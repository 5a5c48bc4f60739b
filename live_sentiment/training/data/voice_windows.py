"""What the voice stage would see of a corpus: its windows, embedded once and kept on disk, shard by shard."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from live_sentiment.core.config import ComputeConfig, VoiceConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.resampling import resample
from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, FloatArray
from live_sentiment.models import compute
from live_sentiment.models.voice_activity import VoiceActivity
from live_sentiment.models.voice_encoder import VoiceEncoder, pool, speech_frames
from live_sentiment.perception.voice.vad import SpeechActivityDetector
from live_sentiment.perception.voice.windows import SpokenWindow, SpokenWindows
from live_sentiment.sinks.atomic import BY_UMASK, written_aside
from live_sentiment.training.augment.acoustic_conditions import AcousticCondition, studio
from live_sentiment.training.augment.acoustic_environments import AcousticEnvironment
from live_sentiment.training.data.voice_corpora import Clip

EDITION = 2
"""Part of the cache's key: raise it when the windows or the embedding are made differently."""
SHARD = 400
"""Clips; an interrupted run has to embed at most so many again."""
BABBLE_CLIPS = 40
"""Of a corpus, out of which its babble is mixed: none of another corpus, which may be held out."""


@dataclass(frozen=True, slots=True)
class Windows:
    """All windows of all clips, in the clips' order and in time."""

    embedding: FloatArray
    """Shape (N, dim)."""
    clip: NDArray[np.int64]
    """Shape (N,), the number of the clip."""
    speech_s: FloatArray
    """Shape (N,), speech in the window."""
    new_speech_s: FloatArray
    """Shape (N,), speech in it that no earlier window of the clip that is kept has seen."""
    last: NDArray[np.bool_]
    """Shape (N,), whether it is the clip's last, which has heard all of it, or its last `context_s`."""


def cut(samples: FloatArray, config: VoiceConfig, detector: SpeechActivityDetector) -> list[SpokenWindow]:
    """The windows that a session would read if the clip were played in it.

    The clip is stamped so that it ends on the grid.
    """
    length_s = len(samples) / SAMPLE_RATE_HZ
    start_s = math.ceil(length_s / config.hop_s) * config.hop_s - length_s
    block = AudioBlock(samples, start_s)
    detector.reset()
    windows = SpokenWindows(config)
    found = windows(block, detector(block))
    found += windows(AudioBlock(samples[:0], block.end_s), detector.finish())
    return found + windows.finish()


def embed_corpora(
    clips: Sequence[Clip],
    encoder: VoiceEncoder,
    config: VoiceConfig,
    cache: Path,
    progress: Callable[[int], None] = lambda done: None,
    *,
    hearing: AcousticCondition | None = None,
) -> Windows:
    """The windows of every clip, from the cache where the same clips were embedded the same way before.

    Args:
        clips: the corpora.
        encoder: with what.
        config: the grid, the context and the thresholds of speech.
        cache: folder for the embeddings, in half precision; what an interrupted run has done is kept.
        progress: told of the clips done so far.
        hearing: which clips, in what surroundings; all of them as they are by default.

    Raises:
        UsageError: a clip cannot be decoded.
    """
    hearing = hearing or studio(clips)
    folder = cache / f"voice-{_key(clips, encoder, config)}"
    name = hearing.name.replace(" ", "-")
    ear = _Ear(clips, encoder, config, hearing)
    shards = []
    for first in range(0, len(hearing.clips), SHARD):
        kept = folder / f"{name}-{first:06}.npz"
        numbers = hearing.clips[first : first + SHARD]
        if not kept.is_file():
            arrays = ear.hear(numbers, lambda done, first=first: progress(first + done))  # type: ignore[misc]
            folder.mkdir(parents=True, exist_ok=True)
            with written_aside(kept, mode=BY_UMASK) as aside:
                np.savez(aside, **arrays)
        with np.load(kept, allow_pickle=False) as arrays:
            shards.append({field.name: arrays[field.name] for field in fields(Windows)})
    joined = {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}
    return Windows(**(joined | {"embedding": joined["embedding"].astype(np.float32)}))


class _Ear:
    """Hears clips where a hearing says, and embeds the windows that it keeps."""

    def __init__(
        self, clips: Sequence[Clip], encoder: VoiceEncoder, config: VoiceConfig, hearing: AcousticCondition
    ) -> None:
        self._clips, self._encoder, self._config, self._hearing = clips, encoder, config, hearing
        self._detector: SpeechActivityDetector | None = None
        self._voices: dict[str, list[FloatArray]] = {}

    def hear(self, numbers: Sequence[int], progress: Callable[[int], None]) -> dict[str, Any]:
        """The fields of `Windows`, of these clips; the embeddings in half precision."""
        if self._detector is None:
            self._detector = SpeechActivityDetector(
                self._config, VoiceActivity(compute.onnx_options(ComputeConfig()))
            )
        embedding: list[FloatArray] = []
        rows: list[tuple[int, float, float, bool]] = []
        for done, number in enumerate(numbers, start=1):
            found = cut(self._sound(number), self._config, self._detector)
            for window, new_speech_s in _thinned(found, self._hearing.keep, self._hearing.random(number)):
                frames = self._encoder.frames(window.samples)
                embedding.append(pool(frames, speech_frames(window.speech)))
                rows.append((number, window.speech_s, new_speech_s, window is found[-1]))
            progress(done)
        return {
            "embedding": np.array(embedding, np.float16).reshape(-1, self._encoder.embedding_dim),
            "clip": np.array([row[0] for row in rows], np.int64),
            "speech_s": np.array([row[1] for row in rows], np.float32),
            "new_speech_s": np.array([row[2] for row in rows], np.float32),
            "last": np.array([row[3] for row in rows], np.bool_),
        }

    def _sound(self, number: int) -> FloatArray:
        clip, place = self._clips[number], self._hearing.place(number)
        sound = read_sound(clip.file)
        if place == AcousticEnvironment():
            return sound
        return place(sound, self._babble(clip.corpus), self._hearing.random(number))

    def _babble(self, corpus: str) -> list[FloatArray]:
        if corpus not in self._voices:
            own = [clip.file for clip in self._clips if clip.corpus == corpus]
            some = np.random.default_rng(0).permutation(len(own))[:BABBLE_CLIPS]
            self._voices[corpus] = [read_sound(own[index]) for index in some]
        return self._voices[corpus]


def _thinned(
    found: Sequence[SpokenWindow], keep: int | None, random: np.random.Generator
) -> list[tuple[SpokenWindow, float]]:
    """The last window and others, with the speech that is new since the one kept before."""
    others = random.permutation(max(len(found) - 1, 0))[: len(found) if keep is None else keep - 1]
    kept, new_speech_s = [], 0.0
    for index, window in enumerate(found):
        new_speech_s += window.new_speech_s
        if index in others or window is found[-1]:
            kept.append((window, new_speech_s))
            new_speech_s = 0.0
    return kept


def read_sound(file: Path, start_s: float = 0.0, end_s: float | None = None) -> FloatArray:
    """A file, or a stretch of it, as mono sound at SAMPLE_RATE_HZ, shape (n,).

    Raises:
        UsageError: it cannot be decoded.
    """
    try:
        with soundfile.SoundFile(file) as stream:
            rate_hz = stream.samplerate
            first = min(round(start_s * rate_hz), len(stream))
            last = len(stream) if end_s is None else min(round(end_s * rate_hz), len(stream))
            stream.seek(first)
            sound = stream.read(max(0, last - first), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UsageError(f"cannot decode {file}: {error}") from error
    mono: FloatArray = sound.mean(axis=1)
    return resample(mono, rate_hz, SAMPLE_RATE_HZ)


def _key(clips: Sequence[Clip], encoder: VoiceEncoder, config: VoiceConfig) -> str:
    files = [(clip.corpus, clip.file.name, clip.file.stat().st_size) for clip in clips]
    settings = config.model_dump(exclude={"head"})
    text = json.dumps([EDITION, encoder.fingerprint, settings, files])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
