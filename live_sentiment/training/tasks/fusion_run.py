"""The whole of `live-sentiment train fusion`, from labelled windows to one weights file with its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from live_sentiment.core.config import CoreName, HeadName, LearntConfig
from live_sentiment.core.types import MODALITIES, Expert, Modality
from live_sentiment.fusion.fuser import MISLED, Fuser
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.fusion.registry import PRODUCT_OF_EXPERTS, save_fusers
from live_sentiment.training.cards.fusion_card import card
from live_sentiment.training.data.fusion_windows import Source
from live_sentiment.training.evaluation.fusion_evaluation import (
    Confidence,
    Figures,
    as_json,
    contradiction,
    contradiction_table,
    evaluate,
    table,
)
from live_sentiment.training.tasks.fusion import FuserTraining, Schedule, fit_product, validation_loss

LEARNT: tuple[CoreName, ...] = ("weighted", "cross-attention")
"""Learnt fusers that are compared with the product of experts, and kept in the same file."""

UNFITTED = "the product, all weights 1"
"""Measured beside the others, and not kept."""

HIGHEST_ERROR = 0.05
"""Calibration error that a fuser may have on validation windows, for every subset, to be recommended."""

DECIDING = 1000
"""Seeds of the windows that decide begin here."""

Progress = Callable[[str, int, int, str], None]
"""Called with the fuser, the seed, the number of its steps done, and a line about how it goes."""


@dataclass(frozen=True, slots=True)
class Corpora:
    """What is learnt from: no speaker, dialogue or picture is in two of the splits."""

    train: Source
    validation: Source
    test: Source
    sources: Mapping[str, str]
    """One line each for the card: which corpora, under which licence, split how."""
    synthetic: bool
    """Whether windows are put together from samples of different people (`pairing`)."""
    heads: tuple[HeadName, ...] = ("emotions", "polarity")
    """What the windows are labelled with."""


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What one seed gave."""

    fusers: Mapping[str, Fuser]
    """By the name that `fusion.fuser` knows them by."""
    validation_losses: Mapping[str, float]
    """In nats, after calibration."""
    validation_errors: Mapping[str, float]
    """The largest calibration error of any subset on validation windows."""
    figures: Mapping[str, list[Figures]]
    """On test windows, by fuser and then for each of SUBSETS."""
    contradictions: Mapping[str, Mapping[str, Confidence]]
    """On test windows, by fuser and case."""


def train_fusion(
    experts: Mapping[Modality, Expert],
    corpora: Corpora,
    output: Path,
    *,
    seeds: int,
    schedule: Schedule,
    command: str,
    progress: Progress,
) -> str:
    """Train with seeds 0, 1, …, write what is best on validation windows, and return the tables of all.

    Each training leaves a checkpoint beside the output, so that an interrupted run goes on where it stopped;
    they are removed at the end. `command` is told in the card.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    results = [
        train_seed(experts, corpora, seed=seed, schedule=schedule, beside=output, progress=progress)
        for seed in range(seeds)
    ]
    best = {
        name: int(np.argmin([result.validation_losses[name] for result in results]))
        for name in results[0].fusers
    }
    fusers = {name: results[seed].fusers[name] for name, seed in best.items()}
    rows = table({name: [result.figures[name] for result in results] for name in results[0].figures})
    contradictions = contradiction_table(
        {name: [result.contradictions[name] for result in results] for name in fusers}
    )
    metadata = describe(corpora, schedule, best, results)
    save_fusers(output, fusers, experts, metadata)
    text = card(metadata, experts, fusers, rows=rows, contradictions=contradictions, command=command)
    output.with_suffix(".md").write_text(text, encoding="utf-8")
    for seed in range(seeds):
        for name in LEARNT:
            _checkpoint(output, name, seed).unlink(missing_ok=True)
    return f"{rows}\n\n{contradictions}\n\nbest on validation: {metadata['winner']}"


def train_seed(
    experts: Mapping[Modality, Expert],
    corpora: Corpora,
    *,
    seed: int,
    schedule: Schedule,
    beside: Path,
    progress: Progress,
) -> SeedResult:
    """Fit all fusers with one seed and measure them, and the product without its weights."""
    fusers: dict[str, Fuser] = {PRODUCT_OF_EXPERTS: fit_product(experts, corpora.validation, schedule, seed)}
    for name in LEARNT:
        training = FuserTraining(
            experts,
            LearntConfig(core=name, heads=corpora.heads),
            corpora.train,
            corpora.validation,
            schedule,
            seed=seed,
            checkpoint=_checkpoint(beside, name, seed),
        )
        fusers[name] = training.run(partial(progress, name, seed))
    # Where pairs come without end, those that decide which fuser is best are not those it was fitted on.
    validation = corpora.validation.held_out(
        schedule.validation_windows, torch.Generator().manual_seed(DECIDING + seed)
    )
    test = corpora.test.held_out(schedule.test_windows, torch.Generator().manual_seed(seed))
    measured = {**fusers, UNFITTED: ProductOfExperts(experts, unmoved=None).eval()}
    return SeedResult(
        fusers,
        {name: validation_loss(fuser, validation) for name, fuser in fusers.items()},
        {name: _worst_error(evaluate(fuser, validation)) for name, fuser in fusers.items()},
        {name: evaluate(fuser, test) for name, fuser in measured.items()},
        {name: contradiction(fuser, test, seed) for name, fuser in fusers.items()},
    )


def winner(losses: Mapping[str, Sequence[float]], errors: Mapping[str, Sequence[float]]) -> str:
    """The fuser with the least mean validation loss among those whose confidence holds for every subset.

    Where none holds, the least loss decides alone.
    """
    holding = [name for name in losses if np.mean(errors[name]) <= HIGHEST_ERROR] or list(losses)
    return min(holding, key=lambda name: float(np.mean(losses[name])))


def describe(
    corpora: Corpora, schedule: Schedule, best: Mapping[str, int], results: Sequence[SeedResult]
) -> dict[str, Any]:
    """The metadata of the weights: what they were trained on and how well they do, all of it as JSON."""
    losses = {name: [result.validation_losses[name] for result in results] for name in best}
    errors = {name: [result.validation_errors[name] for result in results] for name in best}
    splits = {"train": corpora.train, "validation": corpora.validation, "test": corpora.test}
    kept = {name: results[seed] for name, seed in best.items()}
    return {
        "sources": dict(corpora.sources),
        "samples": {
            split: {modality: source.counts()[modality] for modality in MODALITIES}
            for split, source in splits.items()
        },
        "synthetic": corpora.synthetic,
        "misled": MISLED,
        "schedule": asdict(schedule),
        "seeds": dict(best),
        "validation_losses": {name: [round(one, 4) for one in ones] for name, ones in losses.items()},
        "validation_errors": {name: [round(one, 4) for one in ones] for name, ones in errors.items()},
        "winner": winner(losses, errors),
        "test": {name: [as_json(one) for one in result.figures[name]] for name, result in kept.items()},
        "contradiction": {
            name: {case: as_json(one) for case, one in result.contradictions[name].items()}
            for name, result in kept.items()
        },
    }


def _worst_error(figures: Sequence[Figures]) -> float:
    errors = [one.calibration_error for one in figures] + [one.polarity_calibration_error for one in figures]
    return float(np.nanmax(errors))


def _checkpoint(output: Path, name: str, seed: int) -> Path:
    return output.with_suffix(f".{name}.seed{seed}.checkpoint")
