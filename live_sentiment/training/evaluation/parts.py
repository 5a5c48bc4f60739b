"""The shipped parts, each measured on corpora: `live-sentiment evaluate --shipped text`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.fusion.registry import build_fuser, described_experts
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.fusion_data import read_corpora as read_pools
from live_sentiment.training.data.samples import Sample, Split
from live_sentiment.training.evaluation.ablation import ablate
from live_sentiment.training.evaluation.chosen import choose
from live_sentiment.training.evaluation.evaluation import Evaluation, circumstances
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.fusing import fuse_samples, fuse_windows
from live_sentiment.training.evaluation.groups import by_group, collection
from live_sentiment.training.evaluation.shipped import Observations, alone, observe, weights_of
from live_sentiment.training.experiments.reading import SYNTHETIC

Shipped: TypeAlias = Literal["text", "voice", "face", "fusion"]

MODALITY: Mapping[str, Modality] = {"text": "text", "voice": "voice", "face": "vision"}
CORPUS: Mapping[str, str] = {"text": "meld", "voice": "ravdess", "face": "ferplus"}
"""What a part is measured on where nothing else is named."""
PAIRS = 8192
HEARD = frozenset({"ravdess", "emodb", "nemo"})
"""Corpora of which the shipped voice head knows every speaker."""


@dataclass(frozen=True, slots=True)
class Task:
    """What `live-sentiment evaluate --shipped` is asked for."""

    part: Shipped
    data: Path
    corpora: Sequence[str] = ()
    """By name; none: the part's own, and synthetic pairs for fusion."""
    split: Split = "test"
    cache: Path = Path("cache")
    seed: int = 0


def evaluate_shipped(task: Task, config: Config, store: ModelStore, bars: Progress) -> Evaluation:
    """Measure a shipped part, or what the configuration names in its place.

    Raises:
        UsageError: no such corpus, or nothing in it to measure.
        RunError: a model cannot be had.
    """
    if task.part == "fusion":
        return _fusion(task, config, store, bars) if task.corpora else _pairs(task, config, store, bars)
    names = task.corpora or (CORPUS[task.part],)
    modality = MODALITY[task.part]
    samples, data, notes = _read(names, task)
    said = _observed(samples, modality, config, store, bars)
    read = alone(samples, modality, said)
    return Evaluation(
        model=f"shipped {task.part}: {_weights(task.part, config)}",
        data=data,
        facts=_facts(task, config),
        tasks=measure(read, seed=task.seed),
        groups=by_group(read, samples, seed=task.seed),
        notes=[*notes, *_silent(samples, modality, said), *_heard(task, names)],
    )


def _fusion(task: Task, config: Config, store: ModelStore, bars: Progress) -> Evaluation:
    samples, data, notes = _read(task.corpora, task)
    there = [name for name in MODALITIES if any(sample.has(name) for sample in samples)]
    if len(there) < 2:
        raise UsageError(
            f"{', '.join(task.corpora)} has {' and '.join(there) or 'nothing'} only, so there is nothing to "
            "fuse; name corpora with several modalities, or none for synthetic pairs"
        )
    said = {name: _observed(samples, name, config, store, bars) for name in there}
    weights = load_shipped(config.fusion.weights)
    experts = described_experts(weights.metadata["experts"])
    fuser = build_fuser(config.fusion.fuser, [experts[name] for name in MODALITIES], weights)
    whole = fuse_samples(samples, said, fuser, there)
    return Evaluation(
        model=f"shipped fusion: {config.fusion.fuser}, {config.fusion.weights}",
        data=data,
        facts=_facts(task, config),
        tasks=measure(whole, seed=task.seed),
        ablation=ablate(lambda chosen: fuse_samples(samples, said, fuser, chosen), there, seed=task.seed),
        notes=[*notes, *(line for name in there for line in _silent(samples, name, said[name]))],
    )


def _pairs(task: Task, config: Config, store: ModelStore, bars: Progress) -> Evaluation:
    experts, pools = read_pools(task.data, config, store, task.cache, bars)
    fuser = build_fuser(config.fusion.fuser, list(experts.values()), load_shipped(config.fusion.weights))
    source = pools.test if task.split == "test" else pools.validation
    pairs = source.held_out(PAIRS, torch.Generator().manual_seed(task.seed))
    return Evaluation(
        model=f"shipped fusion: {config.fusion.fuser}, {config.fusion.weights}",
        data=f"{PAIRS} synthetic pairs of the {task.split} split",
        facts=_facts(task, config) | {f"{name} from": pools.sources[name] for name in MODALITIES},
        tasks=measure(fuse_windows(pairs, fuser), seed=task.seed),
        ablation=ablate(lambda chosen: fuse_windows(pairs, fuser, chosen), MODALITIES, seed=task.seed),
        notes=[SYNTHETIC, "Pairs that feel surprise have no polarity and are left out of it."],
    )


def _read(names: Sequence[str], task: Task) -> tuple[list[Sample], str, list[str]]:
    """The chosen samples of all corpora, where they are from, and what to know of them."""
    samples: list[Sample] = []
    notes: list[str] = []
    described = []
    for name in names:
        corpus, told = choose(read_corpus(name, task.data), task.split)
        samples += corpus.samples if len(names) == 1 else collection(name, corpus.samples)
        notes += told
        whole = "all" if corpus.samples[0].split is None else task.split
        described.append(f"{corpus.name} ({whole}; {corpus.licence})")
    return samples, ", ".join(described), notes


def _observed(
    samples: Sequence[Sample], modality: Modality, config: Config, store: ModelStore, bars: Progress
) -> dict[str, Observations]:
    count = sum(sample.has(modality) for sample in samples)
    if not count:
        raise UsageError(f"the samples have no {modality}")
    bar = bars.add_task(f"reading {modality}", total=count)
    advance: Callable[[int], None] = lambda done: bars.update(bar, completed=done)  # noqa: E731
    found = observe(samples, modality, config, store, advance)
    bars.update(bar, completed=count)
    return found


def _silent(samples: Sequence[Sample], modality: Modality, said: Mapping[str, Observations]) -> list[str]:
    missing = sum(sample.has(modality) and sample.key not in said for sample in samples)
    reason = {"text": "no words", "voice": "too little speech", "vision": "no face"}[modality]
    return [f"{missing} samples have {reason} to be read and are not in the figures"] if missing else []


def _heard(task: Task, names: Sequence[str]) -> list[str]:
    heard = sorted(HEARD & set(names))
    if task.part != "voice" or not heard:
        return []
    return [
        f"The shipped voice head has heard the actors of {', '.join(heard)}: these figures tell how it "
        "remembers them, not how it reads strangers; `live-sentiment compare --paper` holds actors out."
    ]


def _weights(part: str, config: Config) -> str:
    named = weights_of(part, config)
    return f"{config.perception.text.encoder} with {named}" if part == "text" else named


def _facts(task: Task, config: Config) -> dict[str, str]:
    return {
        **circumstances(),
        "weights": f"SHA-256 {load_shipped(weights_of(task.part, config)).sha256}",
        "seed": f"{task.seed} (of the intervals and of pairs)",
    }
