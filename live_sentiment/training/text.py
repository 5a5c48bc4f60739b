"""`train text`: embeddings of the corpora, a head on them, its calibration and its figures.

The encoder is frozen. Choices are made on development sets; test sets are read once, by heads chosen before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from live_sentiment.errors import UsageError
from live_sentiment.perception.text.encoder import TextEncoder
from live_sentiment.perception.text.head import TextHead
from live_sentiment.training.text_corpora import Corpora, Split, load_corpora
from live_sentiment.training.text_embeddings import KINDS, EmbeddedTexts, Kind, embed_texts
from live_sentiment.training.text_evaluation import (
    Calibration,
    calibrate,
    choose_threshold,
    log_loss,
    measure,
)
from live_sentiment.training.text_fit import FitSettings, class_prior, fit_head
from live_sentiment.training.text_variants import drawn_variant, variants
from live_sentiment.types import EMOTIONS, POLARITIES
from live_sentiment.weights.shipped import save_shipped

CANDIDATES = (FitSettings(inner_size=0, dropout=0.0), FitSettings(inner_size=256, dropout=0.5))
"""What the development sets choose from: a linear head, and one with a hidden layer."""

OTHER_WEIGHT = 0.3
"""Weight of a text outside the reference corpus: there are more of them, and they were written. At 1.0
MELD's dev set loses 1.5 points of weighted F1, at 0 that of GoEmotions 13; 0.3 costs MELD nothing."""

Embedded: TypeAlias = Mapping[str, Mapping[Split, EmbeddedTexts]]
"""By corpus and split."""


@dataclass(frozen=True, slots=True)
class TextTraining:
    """What `live-sentiment train text` is asked for."""

    data: Path
    """Folder of corpora, as `text_corpora` reads them."""
    output: Path
    """The .safetensors file to write."""
    encoder_name: str
    """What the user calls the encoder, for the record."""
    cache: Path
    """Folder of embeddings."""
    reference: str = "meld"
    """The corpus most like the use, with both labels: its balance is the prior, its dev set calibrates."""
    seed: int = 0
    seeds: int = 5
    """Heads trained, from `seed` on, for the spread of the figures; the first is kept."""
    bfloat16: bool = False
    """Embed in half precision."""


def train_text(task: TextTraining, encoder: TextEncoder) -> dict[str, Any]:
    """Train a head on `encoder`, write it to `task.output` and return its metadata.

    Raises:
        UsageError: no corpora, or the reference corpus lacks what it is needed for.
    """
    corpora = load_corpora(task.data)
    _check_reference(corpora, task)
    embedded = _embed(corpora, encoder, task)
    settings, first, losses = _choose(embedded, task)
    others = [_fit(embedded, settings, task, task.seed + number) for number in range(1, task.seeds)]
    heads = [first, *others]
    figures = [_test(head, embedded) for head in heads]
    calibrations = {kind: _calibration(heads[0], kind, embedded[task.reference]) for kind in KINDS}
    metadata = {
        "modality": "text",
        "encoder": {"name": task.encoder_name, "hidden_size": encoder.hidden_size, "sha256": encoder.sha256},
        "inner_size": settings.inner_size,
        "emotions": EMOTIONS,
        "emotion_prior": calibrations["emotions"].prior.tolist(),
        "emotion_temperature": calibrations["emotions"].temperature,
        "polarities": POLARITIES,
        "polarity_prior": calibrations["polarity"].prior.tolist(),
        "polarity_temperature": calibrations["polarity"].temperature,
        "trained_on": {
            name: len(splits["train"].embeddings) for name, splits in embedded.items() if "train" in splits
        },
        "reference": task.reference,
        "seed": task.seed,
        "development_log_loss": losses,
        "test": figures[0],
        "test_over_seeds": _spread(figures),
    }
    save_shipped(task.output, heads[0].state_dict(), metadata)
    return metadata


def _check_reference(corpora: Corpora, task: TextTraining) -> None:
    splits = corpora.get(task.reference, {})
    for split in ("train", "dev"):
        texts = splits.get(split)
        if texts is None or texts.emotions is None or texts.polarity is None:
            raise UsageError(
                f"the reference corpus {task.reference!r} needs a {split} set with emotions and sentiment; "
                f"{task.data} holds {', '.join(corpora)}, and --reference takes another of them"
            )


def _embed(corpora: Corpora, encoder: TextEncoder, task: TextTraining) -> Embedded:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    embedded: dict[str, dict[Split, EmbeddedTexts]] = {}
    with Progress(*columns) as progress:
        for name, splits in corpora.items():
            for split, texts in splits.items():
                if split == "train" and name != task.reference:
                    flat = [drawn_variant(text) for text in texts.texts]
                else:
                    flat = [variant for text in texts.texts for variant in variants(text)]
                vectors = embed_texts(
                    encoder, flat, task.cache, progress, f"{name} {split}", bfloat16=task.bfloat16
                )
                shaped = vectors.reshape(len(texts.texts), -1, encoder.hidden_size)
                embedded.setdefault(name, {})[split] = EmbeddedTexts(shaped, texts.emotions, texts.polarity)
    return embedded


def _fit(embedded: Embedded, settings: FitSettings, task: TextTraining, seed: int) -> TextHead:
    weighted = [
        (splits["train"], 1.0 if name == task.reference else OTHER_WEIGHT)
        for name, splits in embedded.items()
        if "train" in splits
    ]
    return fit_head(weighted, settings, seed)


def _choose(embedded: Embedded, task: TextTraining) -> tuple[FitSettings, TextHead, dict[str, float]]:
    """The candidate with the least log loss, averaged over dev sets and kinds; its head; every loss."""
    heads = {settings: _fit(embedded, settings, task, task.seed) for settings in CANDIDATES}
    losses = {
        settings: float(
            np.nanmean(
                [
                    log_loss(head, kind, splits["dev"], _calibration(head, kind, splits))
                    for splits in embedded.values()
                    for kind in KINDS
                    if "dev" in splits
                ]
            )
        )
        for settings, head in heads.items()
    }
    best = min(losses, key=lambda settings: losses[settings])
    return best, heads[best], {f"inner size {one.inner_size}": round(loss, 4) for one, loss in losses.items()}


def _calibration(head: TextHead, kind: Kind, splits: Mapping[Split, EmbeddedTexts]) -> Calibration:
    """The class balance of a corpus's train set, and the temperature that its dev set asks for."""
    labels = splits["train"].labels(kind) if "train" in splits else None
    if labels is None:
        classes = len(EMOTIONS if kind == "emotions" else POLARITIES)
        return Calibration(np.full(classes, 1 / classes, np.float32))
    prior = class_prior(labels)
    return calibrate(head, kind, prior, splits["dev"]) if "dev" in splits else Calibration(prior)


def _test(head: TextHead, embedded: Embedded) -> dict[str, Any]:
    """Figures by corpus, kind and form, each under its own corpus's class balance."""
    figures: dict[str, Any] = {}
    for name, splits in embedded.items():
        for kind in KINDS:
            if "test" not in splits or splits["test"].labels(kind) is None:
                continue
            calibration = _calibration(head, kind, splits)
            threshold = choose_threshold(head, kind, splits["dev"], calibration) if "dev" in splits else 0.5
            figures.setdefault(name, {})[kind] = measure(head, kind, splits["test"], calibration, threshold)
    return figures


def _spread(figures: Sequence[Any]) -> Any:
    """Mean and standard deviation of every number in dictionaries of one form."""
    if isinstance(figures[0], Mapping):
        return {key: _spread([one[key] for one in figures]) for key in figures[0]}
    return [round(float(np.mean(figures)), 4), round(float(np.std(figures)), 4)]


def describe(metadata: Mapping[str, Any]) -> str:
    """The figures of a training as a table: mean and standard deviation over the seeds."""
    losses = ", ".join(f"{name} {loss}" for name, loss in metadata["development_log_loss"].items())
    lines = [f"development log loss: {losses}; inner size {metadata['inner_size']} taken"]
    for corpus, kinds in metadata["test_over_seeds"].items():
        for kind, forms in kinds.items():
            for form, figures in forms.items():
                values = ", ".join(f"{name} {mean:.3f} ± {sd:.3f}" for name, (mean, sd) in figures.items())
                lines.append(f"{corpus} test, {kind}, {form}: {values}")
    return "\n".join(lines)


def time_per_word_ms(encoder: TextEncoder) -> float:
    """Milliseconds that the encoder takes for a word, on average over the beginnings of a sentence of ten."""
    sentence = "I never thought it would end like this, did you?"
    words = sentence.split()
    beginnings = [encoder.tokens(" ".join(words[:count])) for count in range(1, len(words) + 1)]
    encoder.embed(beginnings[0])
    rounds = []
    for _ in range(5):
        start_s = time.perf_counter()
        for tokens in beginnings:
            encoder.embed(tokens)
        rounds.append((time.perf_counter() - start_s) / len(words) * 1000)
    return float(np.median(rounds))
