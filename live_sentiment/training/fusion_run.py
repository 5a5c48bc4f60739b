"""The whole of `live-sentiment train fusion`, from pools to one weights file with its card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from live_sentiment.config import LearntConfig
from live_sentiment.fusion.fuser import MISLED, Fuser
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.fusion.registry import save_fusers
from live_sentiment.training.fusion import FuserTraining, Pools, Schedule, fit_product
from live_sentiment.training.fusion_card import card
from live_sentiment.training.fusion_evaluation import Figures, evaluate, table
from live_sentiment.training.pairing import draw
from live_sentiment.types import MODALITIES, Expert, Modality

Progress = Callable[[int, int, str], None]
"""Called with the seed, the number of its steps done, and a line about how it goes."""


@dataclass(frozen=True, slots=True)
class Corpora:
    """What is learnt from: no speaker, dialogue or picture is in two of the splits."""

    train: Pools
    validation: Pools
    test: Pools
    sources: Mapping[Modality, str]
    """One line each for the card: which corpora, under which licence, split how."""


@dataclass(frozen=True, slots=True)
class SeedResult:
    """What one seed gave."""

    fusers: Mapping[str, Fuser]
    """By the name that `fusion.fuser` knows them by."""
    validation_loss: float
    """Of the cross-attention, in nats, after calibration."""
    figures: Mapping[str, list[Figures]]
    """On test pairs, by fuser and then for each of SUBSETS."""


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
    """Train with seeds 0, 1, …, write what is best on validation pairs, and return the table over all seeds.

    Each seed leaves a checkpoint beside the output, so that an interrupted run goes on where it stopped; they
    are removed at the end. `command` is told in the card.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    checkpoints = [output.with_suffix(f".seed{seed}.checkpoint") for seed in range(seeds)]
    results = [
        train_seed(experts, corpora, seed=seed, schedule=schedule, checkpoint=checkpoint, progress=progress)
        for seed, checkpoint in enumerate(checkpoints)
    ]
    best = min(range(seeds), key=lambda seed: results[seed].validation_loss)
    fusers = results[best].fusers
    rows = table({name: [result.figures[name] for result in results] for name in results[best].figures})
    metadata = describe(experts, corpora, schedule, best, results)
    save_fusers(output, fusers, experts, metadata)
    output.with_suffix(".md").write_text(card(metadata, fusers, rows, command), encoding="utf-8")
    for checkpoint in checkpoints:
        checkpoint.unlink(missing_ok=True)
    return rows


def train_seed(
    experts: Mapping[Modality, Expert],
    corpora: Corpora,
    *,
    seed: int,
    schedule: Schedule,
    checkpoint: Path | None,
    progress: Progress,
) -> SeedResult:
    """Fit both fusers with one seed and measure them, and the product without its weights, on test pairs."""
    product = fit_product(experts, corpora.validation, schedule, seed)
    training = FuserTraining(
        experts, LearntConfig(), corpora.train, corpora.validation, schedule, seed=seed, checkpoint=checkpoint
    )
    cross_attention, loss = training.run(lambda step, line: progress(seed, step, line))
    test = draw(corpora.test, schedule.test_pairs, torch.Generator().manual_seed(seed))
    measured: dict[str, Fuser] = {
        "product-of-experts": product,
        "the same, all weights 1": ProductOfExperts(experts).eval(),
        "cross-attention": cross_attention,
    }
    fusers = {"product-of-experts": product, "cross-attention": cross_attention}
    return SeedResult(fusers, loss, {name: evaluate(fuser, test) for name, fuser in measured.items()})


def describe(
    experts: Mapping[Modality, Expert],
    corpora: Corpora,
    schedule: Schedule,
    best: int,
    results: list[SeedResult],
) -> dict[str, Any]:
    """The metadata of the weights: what they were trained on and how well they do, all of it as JSON."""
    return {
        "sources": {modality: corpora.sources[modality] for modality in MODALITIES},
        "samples": {
            split: {modality: len(pools[modality].labels) for modality in MODALITIES}
            for split, pools in (
                ("train", corpora.train),
                ("validation", corpora.validation),
                ("test", corpora.test),
            )
        },
        "pairing": "synthetic: samples of different people that carry the same label",
        "misled": MISLED,
        "schedule": asdict(schedule),
        "seed": best,
        "validation_losses": [round(result.validation_loss, 4) for result in results],
        "test": {
            name: [
                {key: round(value, 4) for key, value in asdict(figures).items()}
                for figures in results[best].figures[name]
            ]
            for name in results[best].figures
        },
    }
