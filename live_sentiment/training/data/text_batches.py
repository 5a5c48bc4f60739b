"""Batches of texts as live speech brings them: in any form, with what was said before or without it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray
from live_sentiment.models.text_encoder import TextEncoder, masks
from live_sentiment.training.augment.text_variants import in_form, in_same_form
from live_sentiment.training.data.text_corpora import LabelledTexts
from live_sentiment.training.tasks.text_fit import class_prior

SORTED_BATCHES = 32
"""Batches that are sorted by length together, so that they hold next to no padding and yet are drawn."""


@dataclass(frozen=True, slots=True)
class Source:
    """A training set and how much of it a pass takes."""

    texts: LabelledTexts
    share: float
    """Part of the texts drawn in every pass."""
    weight: float
    """Of one of its texts in the loss."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B texts padded to T tokens, with their labels."""

    ids: Tensor
    """(B, T), token ids."""
    mask: Tensor
    """(B, T), False on padding."""
    read: Tensor
    """(B, T), False on padding and on context."""
    emotions: Tensor
    """(B, 7), distributions."""
    polarity: Tensor
    """(B, 3), likewise."""
    emotion_log_prior: Tensor
    """(B, 7), of the corpus of each text."""
    polarity_log_prior: Tensor
    """(B, 3), likewise."""
    emotion_weight: Tensor
    """(B,), 0 where the corpus has no such labels."""
    polarity_weight: Tensor
    """(B,), likewise."""


def draw_batches(
    sources: Sequence[Source],
    encoder: TextEncoder,
    size: int,
    *,
    context_share: float,
    form_shares: Sequence[float],
    key: str,
) -> Iterator[Batch]:
    """One pass over the sources, in an order and in forms that depend on `key` alone.

    Args:
        sources: what is drawn from.
        encoder: whose tokens are wanted.
        size: texts of a batch.
        context_share: how often a text of a dialogue is read with what was said before it.
        form_shares: how often a text comes in each of its forms.
        key: of what is drawn.
    """
    draw = random.Random(key)
    targets = [_Targets(source) for source in sources]
    picked = [
        (number, row)
        for number, source in enumerate(sources)
        for row in draw.sample(range(len(source.texts.texts)), _count(source))
    ]
    draw.shuffle(picked)
    pool = size * SORTED_BATCHES
    batches = []
    for start in range(0, len(picked), pool):
        rows = [
            (
                *_tokens(
                    sources[number].texts,
                    row,
                    encoder,
                    draw,
                    context_share=context_share,
                    form_shares=form_shares,
                ),
                number,
                row,
            )
            for number, row in picked[start : start + pool]
        ]
        rows.sort(key=lambda one: len(one[0]))
        batches += [rows[first : first + size] for first in range(0, len(rows), size)]
    draw.shuffle(batches)
    for rows in batches:
        yield _batch(rows, targets)


def batch_count(sources: Sequence[Source], size: int) -> int:
    """How many batches one pass has."""
    return -(-sum(_count(source) for source in sources) // size)


def _count(source: Source) -> int:
    return max(round(source.share * len(source.texts.texts)), 1)


def _tokens(
    texts: LabelledTexts,
    row: int,
    encoder: TextEncoder,
    draw: random.Random,
    *,
    context_share: float,
    form_shares: Sequence[float],
) -> tuple[list[int], int]:
    """Token ids of a text in a drawn form, perhaps with context; and how many of them are context."""
    (form,) = draw.choices(range(len(form_shares)), form_shares)
    text = in_form(texts.texts[row], form, draw)
    before = texts.before[row] if texts.before else ()
    with_context = draw.random() < context_share
    context = in_same_form(" ".join(before), text) if before and with_context else ""
    return encoder.joined(encoder.tokens(text), encoder.tokens(context) if context else ())


class _Targets:
    """Labels, log prior and weight of one source, by kind."""

    def __init__(self, source: Source) -> None:
        count = len(source.texts.texts)
        self.emotions, self.emotion_log_prior, self.emotion_weight = _kind(
            source.texts.emotions, count, len(EMOTIONS), source.weight
        )
        self.polarity, self.polarity_log_prior, self.polarity_weight = _kind(
            source.texts.polarity, count, len(POLARITIES), source.weight
        )


def _kind(given: FloatArray | None, count: int, classes: int, weight: float) -> tuple[Tensor, Tensor, float]:
    labels = np.full((count, classes), 1 / classes, np.float32) if given is None else given
    log_prior = torch.from_numpy(class_prior(labels)).log()
    return torch.from_numpy(labels), log_prior, 0.0 if given is None else weight


def _batch(rows: Sequence[tuple[list[int], int, int, int]], targets: Sequence[_Targets]) -> Batch:
    ids = torch.nn.utils.rnn.pad_sequence([torch.tensor(tokens) for tokens, *_ in rows], batch_first=True)
    mask, read = masks([len(tokens) for tokens, *_ in rows], [skipped for _, skipped, *_ in rows])
    of = [targets[number] for _, _, number, _ in rows]
    return Batch(
        ids,
        mask,
        read,
        torch.stack([one.emotions[row] for one, (*_, row) in zip(of, rows, strict=True)]),
        torch.stack([one.polarity[row] for one, (*_, row) in zip(of, rows, strict=True)]),
        torch.stack([one.emotion_log_prior for one in of]),
        torch.stack([one.polarity_log_prior for one in of]),
        torch.tensor([one.emotion_weight for one in of]),
        torch.tensor([one.polarity_weight for one in of]),
    )
