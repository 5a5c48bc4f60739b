"""What the voice stage would see of a corpus: its windows, embedded once and kept on disk."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torchaudio import functional

from live_sentiment import compute
from live_sentiment.config import ComputeConfig, VoiceConfig
from live_sentiment.errors import UsageError
from live_sentiment.perception.voice.encode import VoiceEncoder, pool, speech_frames
from live_sentiment.perception.voice.vad import SpeechActivityDetector
from live_sentiment.perception.voice.windows import SpokenWindow, SpokenWindows
from live_sentiment.training.voice_corpora import Clip
from live_sentiment.types import SAMPLE_RATE_HZ, AudioBlock, FloatArray

EDITION = 1
"""Part of the cache's key: raise it when the windows or the embedding are made differently."""


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
    """Shape (N,), speech in its last hop."""
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
) -> Windows:
    """The windows of every clip, from the cache where the same clips were embedded the same way before.

    Args:
        clips: what to embed.
        encoder: with what.
        config: the grid, the context and the thresholds of speech.
        cache: folder for the embeddings.
        progress: told of the clips done so far.

    Raises:
        UsageError: a clip cannot be decoded.
    """
    kept = cache / f"voice-{_key(clips, encoder, config)}.npz"
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as arrays:
            return Windows(**arrays)
    detector = SpeechActivityDetector(config, compute.onnx_options(ComputeConfig()))
    embedding, clip_of, speech_s, new_s, last = [], [], [], [], []
    for number, clip in enumerate(clips):
        found = cut(read_sound(clip.file), config, detector)
        for window in found:
            embedding.append(pool(encoder.frames(window.samples), speech_frames(window.speech)))
            clip_of.append(number)
            speech_s.append(window.speech_s)
            new_s.append(window.new_speech_s)
            last.append(window is found[-1])
        progress(number + 1)
    windows = Windows(
        np.array(embedding, np.float32).reshape(-1, encoder.embedding_dim),
        np.array(clip_of, np.int64),
        np.array(speech_s, np.float32),
        np.array(new_s, np.float32),
        np.array(last, np.bool_),
    )
    cache.mkdir(parents=True, exist_ok=True)
    partial = kept.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.savez(stream, **{name: getattr(windows, name) for name in Windows.__slots__})
    partial.replace(kept)
    return windows


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
    mono = torch.from_numpy(sound.mean(axis=1))
    samples: FloatArray = functional.resample(mono, rate_hz, SAMPLE_RATE_HZ).numpy()
    return samples


def _key(clips: Sequence[Clip], encoder: VoiceEncoder, config: VoiceConfig) -> str:
    files = [(clip.corpus, clip.file.name, clip.file.stat().st_size) for clip in clips]
    settings = config.model_dump(exclude={"head"})
    text = json.dumps([EDITION, encoder.fingerprint, settings, files])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
