"""Voice samples for fusion: acted speech through the voice stage's windows, read by strangers.

The head that ships learnt from every actor there is, and is too sure of the voices it knows. So the opinions
here come from heads trained in the same way on the *other* actors: what they say of a clip is what the
shipped head would say of somebody new.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress
from scipy.special import softmax

from live_sentiment.core.config import VoiceConfig
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.voice_emotion import VoiceHead, polarity
from live_sentiment.models.voice_encoder import VoiceEncoder
from live_sentiment.training.data.fusion_looks import Look, cached_pools, make_pool
from live_sentiment.training.data.pairing import Pool
from live_sentiment.training.data.voice_corpora import read_corpora
from live_sentiment.training.data.voice_sessions import Labelled, folds, labelled, play
from live_sentiment.training.data.voice_windows import embed_corpora
from live_sentiment.training.tasks.voice_head import Schedule, train

SOURCE = (
    "RAVDESS (English, CC BY-NC-SA 4.0), nEMO (Polish, CC BY-NC-SA 4.0), EmoDB (German, research use), "
    "all acted, split by actor: a fifth validates, a fifth tests; opinions come from heads trained on the "
    "other actors, since the shipped head has heard all of them"
)

FOLDS = 5
SEED = 0


def voice_pools(
    data: Path,
    config: VoiceConfig,
    encoder: VoiceEncoder,
    head: VoiceHead,
    *,
    cache: Path,
    progress: Progress,
) -> dict[str, Pool]:
    """Every clip as the voice stage reads it window by window, in sessions of one actor each.

    Raises:
        UsageError: `data` does not hold the corpora.
    """
    clips = read_corpora(data)
    task = progress.add_task("voices", total=len(clips))
    windows = embed_corpora(clips, encoder, config, cache, lambda done: progress.update(task, completed=done))
    progress.update(task, completed=len(clips))
    heard = labelled(clips, windows, EMOTIONS, lambda clip: clip.emotion)
    key = {
        "modality": "voice",
        "head": head.expert.sha256,
        "clips": str((len(clips), windows.embedding.sum())),
        "settings": f"{FOLDS} {SEED}",
    }

    def make() -> dict[str, Pool]:
        held_out = folds(heard, FOLDS, SEED)
        opinions = _opinions_of_strangers(heard, held_out, head)
        embedding = head.embed(play(heard, head.mean, head.deviation, "session", SEED))
        test, validation = held_out[0], held_out[1]
        rows = {"train": ~(test | validation), "validation": validation, "test": test}
        return {
            split: _pool(
                dataclasses.replace(heard, embedding=embedding).where(chosen), opinions[chosen], config
            )
            for split, chosen in rows.items()
        }

    return cached_pools(cache, key, make)


def _opinions_of_strangers(
    heard: Labelled, held_out: list[NDArray[np.bool_]], head: VoiceHead
) -> NDArray[np.float32]:
    """Probabilities, shape (N, 7), of every window from a head that has heard nothing of its speaker."""
    opinions = np.zeros((len(heard), len(EMOTIONS)), np.float32)
    for fold, chosen in enumerate(held_out):
        other = train(heard.where(~chosen), SEED + fold, Schedule())
        logits = other.logits(heard.where(chosen), "session", SEED)
        opinions[chosen] = softmax(logits / head.temperature, axis=1)
    return opinions


def _pool(heard: Labelled, opinions: NDArray[np.float32], config: VoiceConfig) -> Pool:
    samples, labels = [], []
    for clip in np.unique(heard.clip):
        rows = np.flatnonzero(heard.clip == clip)
        samples.append(
            [
                Look(
                    -config.hop_s * float(rows[-1] - row),
                    heard.embedding[row],
                    opinions[row],
                    polarity(opinions[row]),
                    min(1.0, float(heard.speech_s[row]) / config.context_s),
                )
                for row in rows
            ]
        )
        labels.append(heard.label[rows[0]])
    return make_pool(samples, labels)
