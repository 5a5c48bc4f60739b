"""From looks at single samples to the pools that pairs are drawn from, kept on disk between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from safetensors.torch import load_file, save_file
from torch import Tensor

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.fusion.batch import ModalitySequence, log_probabilities
from live_sentiment.sinks.atomic import BY_UMASK, written_aside
from live_sentiment.training.data.pairing import Pool

SPLITS = ("train", "validation", "test")

_FIELDS = ("embeddings", "emotions", "polarity", "times_s", "quality", "mask")


@dataclass(frozen=True, slots=True)
class Look:
    """What an expert said at one moment of a sample."""

    time_s: float
    """Relative to the sample's last look, ≤ 0."""
    embedding: FloatArray
    emotions: FloatArray
    """Shape (7,), probabilities."""
    polarity: FloatArray
    """Shape (3,), probabilities."""
    quality: float = 1.0


def make_pool(samples: Sequence[Sequence[Look]], labels: ArrayLike) -> Pool:
    """Pad every sample's looks, in order of time, to the longest and put them in one pool.

    Raises:
        ValueError: an emotion has no sample, or there are not as many labels as samples.
    """
    shape = len(samples), max(map(len, samples))
    embeddings = np.zeros((*shape, len(samples[0][0].embedding)), np.float32)
    emotions = np.full((*shape, len(EMOTIONS)), 1 / len(EMOTIONS), np.float32)
    polarity = np.full((*shape, len(POLARITIES)), 1 / len(POLARITIES), np.float32)
    times_s, quality = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    mask = np.zeros(shape, np.bool_)
    for row, looks in enumerate(samples):
        count = len(looks)
        embeddings[row, :count] = [look.embedding for look in looks]
        emotions[row, :count] = [look.emotions for look in looks]
        polarity[row, :count] = [look.polarity for look in looks]
        times_s[row, :count] = [look.time_s for look in looks]
        quality[row, :count] = [look.quality for look in looks]
        mask[row, :count] = True
    arrays = (
        embeddings,
        log_probabilities(emotions),
        log_probabilities(polarity),
        times_s,
        quality,
        mask,
    )
    return Pool(
        ModalitySequence(*map(torch.from_numpy, arrays)), torch.as_tensor(np.asarray(labels, np.int64))
    )


def cached_pools(
    folder: Path, key: Mapping[str, str], make: Callable[[], Mapping[str, Pool]]
) -> dict[str, Pool]:
    """The pools by split, read from `folder` or made and written there.

    `key` says all that they depend on: another head or other data make another file.
    """
    digest = hashlib.sha256(repr(sorted(key.items())).encode()).hexdigest()[:24]
    file = folder / f"fusion-{key['modality']}-{digest}.safetensors"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        tensors: dict[str, Tensor] = {}
        for split, pool in make().items():
            tensors |= {f"{split}.{name}": getattr(pool.looks, name).contiguous() for name in _FIELDS}
            tensors[f"{split}.labels"] = pool.labels
        with written_aside(file, mode=BY_UMASK) as aside:
            save_file(tensors, aside)
    held = load_file(file)
    return {
        split: Pool(ModalitySequence(*(held[f"{split}.{name}"] for name in _FIELDS)), held[f"{split}.labels"])
        for split in SPLITS
    }


def fingerprint(paths: Sequence[Path]) -> str:
    """Names, sizes and times of change of files: enough to tell that data has changed."""
    lines = (f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sorted(paths))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
