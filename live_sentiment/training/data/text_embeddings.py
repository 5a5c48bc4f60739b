"""Embeddings of a corpus, computed once and kept on disk: stop at any time and go on from there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import torch
from rich.progress import Progress

from live_sentiment.core.types import FloatArray
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.sinks.atomic import BY_UMASK, written_aside

SHARD = 2048
"""Texts a file: about ten seconds' work of one core, which is what an interruption can lose."""
BATCH = 64


Kind: TypeAlias = Literal["emotions", "polarity"]
KINDS: tuple[Kind, ...] = ("emotions", "polarity")


@dataclass(frozen=True, slots=True)
class EmbeddedTexts:
    """One split of one corpus, ready for a head: every text in its V variants, with its labels."""

    embeddings: FloatArray
    """Shape (N, V, hidden_size)."""
    emotions: FloatArray | None
    """Shape (N, 7), distributions; None where the corpus has none."""
    polarity: FloatArray | None
    """Shape (N, 3), likewise."""

    def labels(self, kind: Kind) -> FloatArray | None:
        """The labels of one kind."""
        return self.emotions if kind == "emotions" else self.polarity


def embed_texts(
    encoder: TextEncoder,
    texts: Sequence[str],
    cache: Path,
    progress: Progress,
    label: str,
    *,
    bfloat16: bool = False,
    contexts: Sequence[str] | None = None,
) -> FloatArray:
    """Embed texts with `encoder`, shape (N, hidden_size): what `cache` has is read, the rest is added.

    A file of the cache is named by the hash of its encoder and of its texts, so nothing stale is ever read.

    Args:
        bfloat16: compute in half precision, twice as fast where the processor multiplies matrices in it. It
            moves an embedding by half a percent.
        contexts: what was said before each text; None reads each alone.
    """
    cache.mkdir(parents=True, exist_ok=True)
    task = progress.add_task(label, total=len(texts))
    shards = []
    for start in range(0, len(texts), SHARD):
        shard = texts[start : start + SHARD]
        before = None if contexts is None else contexts[start : start + SHARD]
        content = "\n".join(
            [encoder.version, str(encoder.max_tokens), str(bfloat16), *shard, *map(repr, before or ())]
        )
        file = cache / f"{hashlib.sha256(content.encode()).hexdigest()}.npy"
        if not file.is_file():
            with written_aside(file, mode=BY_UMASK) as aside:
                np.save(aside, _embed(encoder, shard, before, bfloat16))
        shards.append(np.load(file))
        progress.update(task, advance=len(shard))
    return np.concatenate(shards) if shards else np.zeros((0, encoder.hidden_size), np.float32)


def _embed(
    encoder: TextEncoder, texts: Sequence[str], contexts: Sequence[str] | None, bfloat16: bool
) -> FloatArray:
    before = contexts or [""] * len(texts)
    # Sorted by length, a batch holds next to no padding.
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]) + len(before[index]))
    embeddings = np.empty((len(texts), encoder.hidden_size), np.float32)
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            embeddings[rows] = encoder.embed_batch(
                [texts[row] for row in rows], [before[row] for row in rows]
            )
    return embeddings
