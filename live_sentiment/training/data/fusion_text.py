"""Text samples for fusion: MELD and GoEmotions through the text encoder and its head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, FloatArray
from live_sentiment.models.text_emotion import CalibratedHead
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.training.data.fusion_looks import Look, cached_pools, fingerprint, make_pool
from live_sentiment.training.data.pairing import Pool
from live_sentiment.training.data.text_corpora import Corpora, Split, load_corpora
from live_sentiment.training.data.text_embeddings import embed_texts

CORPORA = {"meld": 500, "goemotions": 250}
"""Texts of one emotion and corpus in a split: pairing draws the emotion first, so more of the frequent ones
teach little; written comments are not to drown the spoken lines."""

SOURCE = (
    f"MELD (sitcom dialogue, GPL-3.0; at most {CORPORA['meld']} of an emotion) and GoEmotions (web comments, "
    f"CC BY 4.0; at most {CORPORA['goemotions']}, of those with one label), in their official splits"
)
WORD_S = 0.33
"""Time that one word takes in conversation."""

_SPLITS: dict[str, Split] = {"train": "train", "validation": "dev", "test": "test"}


def text_pools(
    data: Path,
    encoder: TextEncoder,
    head: CalibratedHead,
    *,
    context_utterances: int,
    cache: Path,
    progress: Progress,
) -> dict[str, Pool]:
    """Every utterance read twice, half said and whole, as a session reads it word by word.

    So many utterances before it are read with it, where the corpus has dialogues and as far as they are kept.

    Raises:
        UsageError: `data` lacks one of the corpora.
    """
    corpora = load_corpora(data)
    utterances = {split: list(_utterances(corpora, theirs)) for split, theirs in _SPLITS.items()}
    key = {
        "modality": "text",
        "head": head.expert.sha256,
        "data": fingerprint([file for name in CORPORA for file in (data / name).iterdir()]),
        "settings": f"{CORPORA} {WORD_S} {context_utterances}",
    }

    def make() -> dict[str, Pool]:
        pools = {}
        for split, ones in utterances.items():
            wholes = [one.text for one in ones]
            before = (
                [" ".join(one.before[-context_utterances:]) for one in ones] if context_utterances else None
            )
            halves = [_half(text) for text in wholes]
            label = f"text, {split}"
            # Embeddings are kept apart from opinions: after the head is trained again they need no computing.
            at_half, at_end = (
                embed_texts(encoder, texts, cache, progress, name, bfloat16=True, contexts=before)
                for texts, name in ((halves, f"{label}, half said"), (wholes, label))
            )
            samples = [
                [Look(-_left_s(text), half, *head(half)), Look(0.0, whole, *head(whole))]
                for text, half, whole in zip(wholes, at_half, at_end, strict=True)
            ]
            pools[split] = make_pool(samples, [one.emotion for one in ones])
        return pools

    return cached_pools(cache, key, make)


@dataclass(frozen=True, slots=True)
class _Utterance:
    text: str
    emotion: int
    before: tuple[str, ...]


def _utterances(corpora: Corpora, split: Split) -> Iterator[_Utterance]:
    """MELD's, then GoEmotions' that have one label; those of a frequent emotion drawn evenly from the set."""
    for name, most in CORPORA.items():
        texts = corpora.get(name, {}).get(split)
        if texts is None or texts.emotions is None:
            raise UsageError(f"the {split} split of {name} is needed to pair words with voices and faces")
        for row in _chosen(texts.emotions, most):
            before = () if texts.before is None else texts.before[row]
            yield _Utterance(texts.texts[row], int(texts.emotions[row].argmax()), before)


def _chosen(emotions: FloatArray, most: int) -> NDArray[np.int64]:
    """Rows with one label, at most so many of each."""
    chosen = []
    for label in range(len(EMOTIONS)):
        rows = np.flatnonzero(emotions[:, label] == 1)
        chosen.append(rows[np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(int)])
    return np.sort(np.concatenate(chosen))


def _half(utterance: str) -> str:
    words = utterance.split()
    return " ".join(words[: max(len(words) // 2, 1)])


def _left_s(utterance: str) -> float:
    """Time from the half to the end."""
    return WORD_S * (len(utterance.split()) - len(_half(utterance).split()))
