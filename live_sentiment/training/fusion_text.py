"""Text samples for fusion: MELD and GoEmotions through the text encoder and its head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.progress import Progress

from live_sentiment.errors import UsageError
from live_sentiment.perception.text.encoder import TextEncoder
from live_sentiment.perception.text.head import CalibratedHead
from live_sentiment.training.fusion_looks import Look, cached_pools, fingerprint, make_pool
from live_sentiment.training.pairing import Pool
from live_sentiment.training.text_corpora import Corpora, Split, load_corpora
from live_sentiment.training.text_embeddings import embed_texts

CORPORA = {"meld": 10_000, "goemotions": 5_000}
"""Most texts of each corpus in a split: all of MELD; written comments are not to drown its spoken lines."""

SOURCE = (
    "MELD (sitcom dialogue, GPL-3.0) and GoEmotions (web comments, CC BY 4.0; up to "
    f"{CORPORA['goemotions']} a split, those with one label), in their official splits"
)
WORD_S = 0.33
"""Time that one word takes in conversation."""

_SPLITS: dict[str, Split] = {"train": "train", "validation": "dev", "test": "test"}


def text_pools(
    data: Path, encoder: TextEncoder, head: CalibratedHead, cache: Path, progress: Progress
) -> dict[str, Pool]:
    """Every utterance read twice, half said and whole, as a session reads it word by word.

    Raises:
        UsageError: `data` lacks one of the corpora.
    """
    corpora = load_corpora(data)
    utterances = {split: list(_utterances(corpora, theirs)) for split, theirs in _SPLITS.items()}
    key = {
        "modality": "text",
        "head": head.expert.sha256,
        "data": fingerprint([file for name in CORPORA for file in (data / name).iterdir()]),
        "settings": f"{CORPORA} {WORD_S}",
    }

    def make() -> dict[str, Pool]:
        pools = {}
        for split, ones in utterances.items():
            wholes = [text for text, _ in ones]
            halves = [_half(text) for text in wholes]
            label = f"text, {split}"
            # Embeddings are kept apart from opinions: after the head is trained again they need no computing.
            at_half = embed_texts(encoder, halves, cache, progress, f"{label}, half said", bfloat16=True)
            at_end = embed_texts(encoder, wholes, cache, progress, label, bfloat16=True)
            samples = [
                [Look(-_left_s(text), half, *head(half)), Look(0.0, whole, *head(whole))]
                for text, half, whole in zip(wholes, at_half, at_end, strict=True)
            ]
            pools[split] = make_pool(samples, [emotion for _, emotion in ones])
        return pools

    return cached_pools(cache, key, make)


def _utterances(corpora: Corpora, split: Split) -> Iterator[tuple[str, int]]:
    """Texts and labels: MELD's, then GoEmotions' that have one label, drawn evenly from its length."""
    for name, most in CORPORA.items():
        texts = corpora.get(name, {}).get(split)
        if texts is None or texts.emotions is None:
            raise UsageError(f"the {split} split of {name} is needed to pair words with voices and faces")
        single = np.flatnonzero(texts.emotions.max(axis=1) == 1)
        if len(single) > most:
            single = single[np.linspace(0, len(single) - 1, most).round().astype(int)]
        yield from ((texts.texts[row], int(texts.emotions[row].argmax())) for row in single)


def _half(utterance: str) -> str:
    words = utterance.split()
    return " ".join(words[: max(len(words) // 2, 1)])


def _left_s(utterance: str) -> float:
    """Time from the half to the end."""
    return WORD_S * (len(utterance.split()) - len(_half(utterance).split()))
