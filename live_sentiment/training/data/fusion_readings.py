"""What the experts say of the clips of a corpus, kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.types import Expert, Modality, Observation
from live_sentiment.models.store.store import ModelStore
from live_sentiment.sinks.atomic import BY_UMASK, written_aside
from live_sentiment.training.data.features import fingerprint
from live_sentiment.training.data.samples import Corpus, Sample
from live_sentiment.training.evaluation.shipped import PERSON, Observations, observe

EDITION = 1
"""Part of the key: raise it when the same clips are read or kept differently."""

SHARD = 64
"""Clips of one file, or as many as a speaker has: so many are read again when a run is killed."""


def kept_observations(
    corpus: Corpus,
    expert: Expert,
    config: Config,
    store: ModelStore,
    *,
    cache: Path,
    progress: Progress,
) -> dict[str, Observations]:
    """What an expert says of every clip, by key, kept or read now; times relative to the clip's end.

    Raises:
        UsageError: a file cannot be decoded.
        RunError: a model could not be fetched.
    """
    modality = expert.modality
    task = progress.add_task(f"{corpus.name}, {modality}", total=len(corpus.samples))
    settings = config.model_dump_json(include={"perception"})
    found: dict[str, Observations] = {}
    done = 0
    for samples in _shards(corpus.samples):
        shard = replace(corpus, samples=samples)
        key = json.dumps([EDITION, modality, expert.sha256, settings, fingerprint(shard, modality)])
        file = cache / f"clips-{hashlib.sha256(key.encode()).hexdigest()[:32]}.npz"
        if not file.is_file():
            read = observe(
                samples,
                modality,
                config,
                store,
                lambda so_far, done=done: progress.update(task, completed=done + so_far),  # type: ignore[misc]
            )
            _write(file, read)
        found |= _read(file, modality)
        done += len(samples)
        progress.update(task, completed=done)
    return found


def _shards(samples: Sequence[Sample]) -> Iterator[list[Sample]]:
    """All samples, those of a speaker together: a voice is read relative to itself."""
    speakers: dict[str, list[Sample]] = {}
    for sample in samples:
        speakers.setdefault(sample.speaker or f"only {sample.key}", []).append(sample)
    shard: list[Sample] = []
    for clips in speakers.values():
        shard += clips
        if len(shard) >= SHARD:
            yield shard
            shard = []
    if shard:
        yield shard


def _write(file: Path, observed: Mapping[str, Observations]) -> None:
    looks = [one for ones in observed.values() for one in ones]
    file.parent.mkdir(parents=True, exist_ok=True)
    with written_aside(file, mode=BY_UMASK) as aside:
        np.savez(
            aside,
            keys=np.array(list(observed), np.str_),
            counts=np.array([len(ones) for ones in observed.values()], np.int64),
            times_s=np.array([one.time_s for one in looks], np.float64),
            embeddings=np.array([one.embedding for one in looks], np.float32),
            emotions=np.array([one.emotions for one in looks], np.float32),
            polarity=np.array([one.polarity for one in looks], np.float32),
            quality=np.array([one.quality for one in looks], np.float64),
        )


def _read(file: Path, modality: Modality) -> dict[str, Observations]:
    with np.load(file, allow_pickle=False) as kept:
        held = {name: kept[name] for name in kept.files}
    person = PERSON if modality == "vision" else None
    looks = [
        Observation(modality, float(time_s), embedding, emotions, polarity, float(quality), person)
        for time_s, embedding, emotions, polarity, quality in zip(
            *(held[name] for name in ("times_s", "embeddings", "emotions", "polarity", "quality")),
            strict=True,
        )
    ]
    ends = held["counts"].cumsum()
    return {
        str(key): tuple(looks[end - count : end])
        for key, count, end in zip(held["keys"], held["counts"], ends, strict=True)
    }
