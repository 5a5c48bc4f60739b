"""Batches of an epoch, from any step on, read ahead by worker processes if asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import DataLoader

from live_sentiment.training.experiments.batch import Collator, ExperimentBatch
from live_sentiment.training.experiments.joint import Joint


def steps_of(samples: int, batch_size: int) -> int:
    """Batches of an epoch of training: full ones only, unless there is not even one."""
    return max(1, samples // batch_size)


def training_batches(
    joints: Sequence[Joint],
    collator: Collator,
    batch_size: int,
    *,
    first: int = 0,
    process: tuple[int, int] = (0, 1),
    workers: int = 0,
) -> Iterator[ExperimentBatch]:
    """The batches of an epoch from number `first` on; of each, the part of this process.

    `process` is its number and how many there are; they divide the batch size.
    """
    number, processes = process
    share = batch_size // processes
    plan = []
    for step in range(first, steps_of(len(joints), batch_size)):
        start = step * batch_size + number * share
        plan.append(joints[start : start + share])
    return _batches(plan, collator, workers)


def held_out_batches(
    joints: Sequence[Joint], collator: Collator, batch_size: int, workers: int = 0
) -> Iterator[ExperimentBatch]:
    """All samples in order; the last batch may be small."""
    plan = [joints[start : start + batch_size] for start in range(0, len(joints), batch_size)]
    return _batches(plan, collator, workers)


def _batches(plan: Sequence[Sequence[Joint]], collator: Collator, workers: int) -> Iterator[ExperimentBatch]:
    # A generator of its own: otherwise beginning an epoch would draw from the one that training draws from,
    # and going on within an epoch would give other numbers than never having stopped.
    loader: DataLoader[Sequence[Joint]] = DataLoader(
        plan,  # type: ignore[arg-type]
        batch_size=None,
        collate_fn=collator,
        num_workers=workers,
        generator=torch.Generator(),
    )
    return iter(loader)
