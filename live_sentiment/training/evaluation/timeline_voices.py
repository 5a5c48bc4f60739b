"""The voice head for speakers that it must not know: one that was trained on all others.

The shipped head has heard every speaker of its corpora. What it would say of somebody new is therefore
measured with a head of the same recipe, temperature and all, that has not heard the speakers of a split.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.store.shipped import load_shipped, save_shipped
from live_sentiment.models.store.store import VOICE_ENCODER, ModelStore
from live_sentiment.models.voice_encoder import VoiceEncoder
from live_sentiment.training.augment.acoustic_conditions import copy, studio
from live_sentiment.training.data.voice_corpora import Clip
from live_sentiment.training.data.voice_sessions import join, labelled
from live_sentiment.training.data.voice_windows import embed_corpora
from live_sentiment.training.tasks.voice_head import Schedule, train


def without(
    speakers: Collection[str],
    clips: Sequence[Clip],
    config: Config,
    store: ModelStore,
    *,
    cache: Path,
    progress: Progress,
) -> Config:
    """The configuration with a head that has not heard these speakers, and fusion that takes it as its own.

    Embeddings are kept in `cache`, and so are the head and the weights of fusion.

    Raises:
        UsageError: a clip cannot be decoded, or weights that the configuration names are not to be had.
        RunError: a model could not be fetched.
    """
    voice = config.perception.voice
    shipped, fusion = load_shipped(voice.head), load_shipped(config.fusion.weights)
    schedule = Schedule(**shipped.metadata["schedule"])
    encoder = VoiceEncoder(store.path(VOICE_ENCODER), torch.device("cpu"))
    parts = []
    for hearing in (studio(clips), *(copy(clips, number) for number in range(shipped.metadata["copies"]))):
        bar = progress.add_task(f"voices, {hearing.name}", total=len(hearing.clips))
        windows = embed_corpora(
            clips,
            encoder,
            voice,
            cache,
            lambda done, bar=bar: progress.update(bar, completed=done),  # type: ignore[misc]
            hearing=hearing,
        )
        progress.update(bar, completed=len(hearing.clips))
        parts.append(labelled(clips, windows, EMOTIONS, lambda clip: clip.emotion, hearing.name))
    known = join(parts)
    head = train(known.where(~np.isin(known.speaker, list(speakers))), shipped.metadata["seed"], schedule)
    name = f"without-{'-'.join(sorted(speakers))[:100]}"
    file, weights = cache / f"voice-{name}.safetensors", cache / f"fusion-{name}.safetensors"
    tensors = {key: torch.from_numpy(array.copy()) for key, array in asdict(head).items()}
    save_shipped(file, tensors, {**shipped.metadata, "without": sorted(speakers)})
    # Fusion knows the heads it was fitted on by their hash; this one stands for the one that ships.
    experts = dict(fusion.metadata["experts"])
    experts["voice"] = {**experts["voice"], "sha256": load_shipped(str(file)).sha256}
    save_shipped(weights, fusion.tensors, {**fusion.metadata, "experts": experts})
    perception = config.perception.model_copy(update={"voice": voice.model_copy(update={"head": str(file)})})
    return config.model_copy(
        update={
            "perception": perception,
            "fusion": config.fusion.model_copy(update={"weights": str(weights)}),
        }
    )
