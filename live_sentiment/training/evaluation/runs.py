"""A trained run, measured on its own held-out samples or on another corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Modality
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.samples import Corpus, Split
from live_sentiment.training.evaluation.ablation import ablate
from live_sentiment.training.evaluation.chosen import choose
from live_sentiment.training.evaluation.evaluation import Evaluation, circumstances
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.experiments.build import build_collator
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.joint import Joint
from live_sentiment.training.experiments.predict import predict
from live_sentiment.training.experiments.reading import SYNTHETIC, read_data
from live_sentiment.training.experiments.run import load_run

Told = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def evaluate_run(
    folder: Path,
    data: Path,
    *,
    store: ModelStore,
    device: torch.device,
    split: Split = "test",
    corpora: Sequence[str] = (),
    cache: Path | None = None,
    seed: int = 0,
    told: Told = lambda what, done, total: None,
) -> Evaluation:
    """Measure a finished run.

    Args:
        folder: of the run.
        data: folder of the corpora.
        store: of the models that its encoders start from.
        device: where it computes.
        split: validation or test.
        corpora: others than those it was trained on, by name; none: its own, divided as in training.
        cache: of frozen encoders' embeddings.
        seed: of the intervals.
        told: is told of the embedding.

    Raises:
        UsageError: no such run or corpus, or nothing to measure.
        RunError: a model cannot be had.
    """
    config, model = load_run(folder, store, device)
    joints, read, notes = _samples(config, data, split, corpora)
    modalities = [name for name in config.modalities if any(one.sample.has(name) for one in joints)]
    if not modalities:
        names = ", ".join(corpus.name for corpus in read)
        raise UsageError(f"no sample of {names} has {' or '.join(config.modalities)}, which this run reads")
    collator = build_collator(config, model, read, store=store, cache=cache, told=told)
    subsets = 2 ** len(modalities) - 1 if len(modalities) > 1 else 1
    done = 0

    def say(chosen: Sequence[Modality]) -> Predictions:
        nonlocal done
        told("evaluating", done, subsets)
        said = predict(model, joints, collator, modalities=chosen)
        done += 1
        told("evaluating", done, subsets)
        return said

    whole = say(modalities)
    kept = {tuple(modalities): whole}
    ablation = (
        ablate(lambda chosen: kept[chosen] if chosen in kept else say(chosen), modalities, seed=seed)
        if len(modalities) > 1
        else []
    )
    return Evaluation(
        model=f"{config.name} ({folder.name})",
        data=f"{', '.join(f'{one.name} ({one.licence})' for one in read)}; {split} split",
        facts={
            **circumstances(),
            "core": config.fusion.core,
            "seeds": f"training {config.training.seed}, intervals {seed}",
        },
        tasks=measure(whole, seed=seed),
        ablation=ablation,
        notes=notes,
    )


def _samples(
    config: ExperimentConfig, data: Path, split: Split, names: Sequence[str]
) -> tuple[Sequence[Joint], Sequence[Corpus], list[str]]:
    """The samples, the corpora they are of, and what to know of them."""
    if not names:
        own = read_data(config, data)
        return own.held_out(split), own.corpora, [SYNTHETIC] if own.synthetic else []
    notes, corpora = [], []
    for name in names:
        corpus, note = choose(read_corpus(name, config.data.folders.get(name, data)), split)
        corpora.append(corpus)
        notes += note
    joints = [
        Joint(sample, dict.fromkeys(config.modalities, f"{corpus.name}/{sample.key}"))
        for corpus in corpora
        for sample in corpus.samples
        if any(sample.has(name) for name in config.modalities)
    ]
    return joints, corpora, notes
