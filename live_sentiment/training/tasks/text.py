"""`train text`: an encoder tuned by low-rank changes, a head on it, its calibration, figures and card.

Choices are made on development sets; test sets are read once, by models chosen before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.models.store.shipped import save_shipped
from live_sentiment.models.text_emotion import TextHead
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.training.cards.text_card import card
from live_sentiment.training.data.text_corpora import CONTEXT_UTTERANCES, Corpora, load_corpora
from live_sentiment.training.data.text_embeddings import KINDS
from live_sentiment.training.evaluation.text_looks import HeldOut, TextModel
from live_sentiment.training.tasks.text_frozen import FrozenTraining
from live_sentiment.training.tasks.text_recipe import TuneSettings
from live_sentiment.training.tasks.text_tune import Tuned, Tuning, average


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
    """The corpus most like the use, with both labels: its balance makes the prior, its dev set calibrates."""
    seed: int = 0
    seeds: int = 3
    """Models trained, from `seed` on, for the spread of the figures and for their average."""
    bfloat16: bool = False
    """Train and embed in half precision."""
    tune: TuneSettings | None = field(default_factory=TuneSettings)
    """How the encoder is tuned; None leaves it frozen."""

    @property
    def work(self) -> Path:
        """Folder of checkpoints."""
        return self.output.with_suffix(".work")


def train_text(task: TextTraining, encoder: TextEncoder) -> dict[str, Any]:
    """Train a model on `encoder`, write it and its card beside `task.output`; return metadata and figures.

    Raises:
        UsageError: no corpora, or the reference corpus lacks what it is needed for.
        RunError: training diverged.
    """
    corpora = load_corpora(task.data)
    _check_reference(corpora, task)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        if task.tune is None:
            models, described = _frozen(corpora, encoder, task, progress)
        else:
            models, described = _tuned(corpora, encoder, task, task.tune, progress)
        held_out = [
            HeldOut(model, corpora, task.reference, task.cache, progress, bfloat16=task.bfloat16)
            for model in models
        ]
        losses = [one.loss() for one in held_out]
        best = int(np.argmin(losses))
        chosen = models[best]
        metadata = {
            **_description(corpora, encoder, task, held_out[best]),
            **described,
            "chosen": chosen.name,
            "development_log_loss": {
                model.name: round(loss, 4) for model, loss in zip(models, losses, strict=True)
            },
        }
        # Written before the test sets are looked at: nothing that they say can change it.
        _save(task.output, chosen, metadata)
        tests = [one.figures("test") for one in held_out]
    results = {"test": tests[best], "test_over_seeds": spread(tests[: task.seeds])}
    card(
        task.output.with_suffix(".md"),
        {**metadata, **results},
        times_per_word_ms(chosen.encoder),
        task.output.stat().st_size,
    )
    return {**metadata, **results}


def _description(
    corpora: Corpora, encoder: TextEncoder, task: TextTraining, held_out: HeldOut
) -> dict[str, Any]:
    """What is needed to use the weights, and what they were trained on."""
    emotions, polarity = (held_out.calibration(task.reference, kind) for kind in KINDS)
    return {
        "modality": "text",
        "encoder": {"name": task.encoder_name, "hidden_size": encoder.hidden_size, "sha256": encoder.sha256},
        "emotions": EMOTIONS,
        "emotion_prior": emotions.prior.tolist(),
        "emotion_prior_exponent": emotions.exponent,
        "emotion_temperature": emotions.temperature,
        "polarities": POLARITIES,
        "polarity_prior": polarity.prior.tolist(),
        "polarity_prior_exponent": polarity.exponent,
        "polarity_temperature": polarity.temperature,
        "trained_on": {
            name: len(splits["train"].texts) for name, splits in corpora.items() if "train" in splits
        },
        "reference": task.reference,
        "seed": task.seed,
        "seeds": task.seeds,
        "bfloat16": task.bfloat16,
        "development": held_out.figures("dev", [task.reference])[task.reference],
    }


def _save(file: Path, model: TextModel, metadata: Mapping[str, Any]) -> None:
    tensors = dict(model.head.state_dict())
    if model.adapter is None:
        save_shipped(file, tensors, metadata)
    else:
        tensors |= model.adapter.tensors()
        save_shipped(file, tensors, {**metadata, "adapter_scale": model.adapter.scale})


def _check_reference(corpora: Corpora, task: TextTraining) -> None:
    splits = corpora.get(task.reference, {})
    for split in ("train", "dev"):
        texts = splits.get(split)
        if texts is None or texts.emotions is None or texts.polarity is None:
            raise UsageError(
                f"the reference corpus {task.reference!r} needs a {split} set with emotions and sentiment; "
                f"{task.data} holds {', '.join(corpora)}, and --reference takes another of them"
            )


def _frozen(
    corpora: Corpora, encoder: TextEncoder, task: TextTraining, progress: Progress
) -> tuple[list[TextModel], dict[str, Any]]:
    training = FrozenTraining(corpora, task.reference, encoder, task.cache, progress, bfloat16=task.bfloat16)
    settings, losses = training.choose(task.seed)
    models = [
        TextModel(f"seed {seed}", encoder, training.fit(settings, seed), None, reads_context=False)
        for seed in range(task.seed, task.seed + task.seeds)
    ]
    return models, {"inner_size": settings.inner_size, "head_log_loss": losses}


def _tuned(
    corpora: Corpora, encoder: TextEncoder, task: TextTraining, settings: TuneSettings, progress: Progress
) -> tuple[list[TextModel], dict[str, Any]]:
    bars: dict[str, TaskID] = {}

    def told(stage: str, step: int, total: int, loss: float) -> None:
        if stage not in bars:
            bars[stage] = progress.add_task(stage, total=total)
        progress.update(bars[stage], completed=step, description=f"{stage}, loss {loss:.3f}")

    training = Tuning(
        corpora, task.reference, encoder, settings, task.work, told=told, bfloat16=task.bfloat16
    )
    seeds = range(task.seed, task.seed + task.seeds)
    tuned = {f"seed {seed}": training.train(seed, task.seed) for seed in seeds}
    if len(tuned) > 1:
        tuned["average of the seeds"] = average(list(tuned.values()))
    with_context = corpora[task.reference]["train"].before is not None
    models = [_model(name, one, encoder, settings, with_context=with_context) for name, one in tuned.items()]
    return models, {
        "inner_size": settings.inner_size,
        "rank": settings.rank,
        "broad_epochs": settings.broad.epochs,
        "near_epochs": settings.near.epochs,
        "context_utterances": CONTEXT_UTTERANCES if with_context else 0,
    }


def _model(
    name: str, tuned: Tuned, encoder: TextEncoder, settings: TuneSettings, *, with_context: bool
) -> TextModel:
    adapted = encoder.again()
    adapted.adapt(tuned.adapter)
    head = TextHead(encoder.hidden_size, settings.inner_size)
    head.load_state_dict(dict(tuned.head))
    return TextModel(name, adapted, head.eval().requires_grad_(False), tuned.adapter, with_context)


def spread(figures: Sequence[Any]) -> Any:
    """Mean and standard deviation of every number in dictionaries of one form."""
    if isinstance(figures[0], Mapping):
        return {key: spread([one[key] for one in figures]) for key in figures[0]}
    return [round(float(np.mean(figures)), 4), round(float(np.std(figures)), 4)]


def describe(metadata: Mapping[str, Any]) -> str:
    """The figures of a training: the chosen model's, and mean and standard deviation over seeds."""
    losses = ", ".join(f"{name} {loss}" for name, loss in metadata["development_log_loss"].items())
    lines = [f"development log loss: {losses}; {metadata['chosen']} taken"]
    for corpus, kinds in metadata["test"].items():
        for kind, forms in kinds.items():
            for form, figures in forms.items():
                over_seeds = metadata["test_over_seeds"][corpus][kind][form]
                values = ", ".join(
                    f"{name} {value:.3f} ({over_seeds[name][0]:.3f} ± {over_seeds[name][1]:.3f})"
                    for name, value in figures.items()
                    if name != "recalls"
                )
                lines.append(f"{corpus} test, {kind}, {form}: {values}")
    return "\n".join(lines)


def times_per_word_ms(encoder: TextEncoder) -> tuple[float, float]:
    """Milliseconds that the encoder takes for a word, alone and in context.

    The mean over the beginnings of a sentence of ten words, each the quickest of twenty: what else runs
    on the machine only adds.
    """
    sentence = "I never thought it would end like this, did you?"
    words = sentence.split()
    beginnings = [encoder.tokens(" ".join(words[:count])) for count in range(1, len(words) + 1)]
    before = encoder.tokens("We had a plan for all of it. And then you left, without a word to any of us.")
    rounds: dict[bool, list[list[float]]] = {False: [], True: []}
    for _ in range(20):
        for in_context, taken in rounds.items():
            taken.append([])
            for tokens in beginnings:
                start_s = time.perf_counter()
                encoder.embed(tokens, before if in_context else ())
                taken[-1].append(time.perf_counter() - start_s)
    alone_ms, in_context_ms = (1000 * float(np.mean(np.min(taken, axis=0))) for taken in rounds.values())
    return alone_ms, in_context_ms
