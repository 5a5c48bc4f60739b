"""The model card of a run, made of its own files.

M. Mitchell et al., "Model cards for model reporting", 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from live_sentiment.core.markdown import prose, row, table
from live_sentiment.core.types import MODALITIES
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.run import CONFIG_FILE, read_run

_HEADLINES: Mapping[str, Sequence[str]] = {
    "emotions": ("accuracy", "uar", "weighted_f1", "ece"),
    "polarity": ("accuracy", "uar", "weighted_f1", "ece"),
    "valence": ("ccc", "mae", "corr"),
    "arousal": ("ccc", "mae", "corr"),
    "score": ("acc2_nonnegative", "acc2_nonzero", "acc7", "mae", "corr"),
}
"""What the tables show of each task; metrics.json has the rest."""
_LIMITS = {
    True: "- Trained and measured on synthetic pairs: how the words, voice and face of one person go "
    "together was never seen, and no figure here says how good the fusion is on people.",
    False: "- The figures are of the corpora above, of their speakers' languages and their recordings.",
}


def card(folder: Path) -> str:
    """The card of a finished run in Markdown.

    Raises:
        UsageError: the folder holds none.
    """
    config, metrics = read_run(folder)
    data = metrics["data"]
    note = f"**{data['note']}.**\n\n" if data["note"] else ""
    return prose("live_sentiment.training.cards", "experiment")["card"].format(
        name=config.name,
        what=_what(config, metrics),
        warning=note,
        corpora="\n".join(_corpus(one) for one in data["corpora"]),
        data_notes=_data_notes(config, data),
        training=_training(config, metrics),
        clusters=" of speakers" if _clustered(metrics["test"]) else "",
        figures=figures_table(metrics["test"]),
        validation=figures_table(metrics["validation"]),
        limits="\n".join(_limits(data)),
        command=metrics["command"]
        or "live-sentiment train experiment config.toml --data FOLDER --output RUN",
        config_file=CONFIG_FILE,
        circumstances=". ".join(
            str(metrics["circumstances"][name]) for name in ("date", "machine", "versions")
        )
        + ".",
    )


def figures_table(measured: Mapping[str, Any]) -> str:
    """The figures of one split as a Markdown table."""
    if not measured:
        return "No sample in this split."
    rows = []
    alone = {f"{name} alone": measured["alone"][name] for name in MODALITIES if name in measured["alone"]}
    for who, tasks in {"fused": measured["fused"], **alone}.items():
        for task, told in tasks.items():
            estimates = [
                f"{name} {_estimate(told['estimates'][name])}"
                for name in _HEADLINES[task]
                if told["estimates"][name]["value"] is not None
            ]
            rows.append([who, task, str(told["samples"]), ", ".join(estimates)])
    return table(["who", "task", "samples", "figures"], rows)


def _estimate(one: Mapping[str, float | None]) -> str:
    if one["low"] is None or one["high"] is None:
        return f"{one['value']:.3f}"
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


def _what(config: ExperimentConfig, metrics: Mapping[str, Any]) -> str:
    encoders = config.encoders.named()
    streams = []
    for name in config.modalities:
        encoder = encoders.get(name)
        if encoder is None:
            streams.append(f"{name} as the corpus' own features")
            continue
        start = f"from {encoder.source}" if encoder.source else "from its default weights or from scratch"
        streams.append(f"{name} by {encoder.name} ({start}, {encoder.tune or 'tuned by default'})")
    heads = ", ".join(name.replace("_", " and ") for name in config.fusion.heads)
    size = metrics["parameters"]
    return (
        f"Reads {'; '.join(streams)}. Fused by {config.fusion.core}, {config.fusion.width} wide; says "
        f"{heads}. {size['learnt']:,} of {size['all']:,} parameters were trained."
    )


def _corpus(one: Mapping[str, Any]) -> str:
    samples = one["samples"]
    dropped = ", ".join(f"{count} ({reason})" for reason, count in sorted(one["dropped"].items())) or "none"
    counts = [str(samples[split]) for split in ("train", "validation", "test")]
    return row([one["name"], one["licence"], *counts, dropped])


def _data_notes(config: ExperimentConfig, data: Mapping[str, Any]) -> str:
    notes = ["No speaker, subject or video is in two splits."]
    if data["synthetic_pairs"]:
        notes.append(
            f"{config.data.pairs} pairs by {config.data.label} were drawn anew for each epoch, classes "
            f"{config.data.classes}; {config.data.held_out_pairs} for each of validation and test."
        )
    if data["classes_left_out"]:
        notes.append(
            f"Not learnt, for want of samples in some modality: {', '.join(data['classes_left_out'])}."
        )
    if config.data.limit:
        notes.append(f"At most {config.data.limit} samples of each split of a corpus were used.")
    return " ".join(notes)


def _training(config: ExperimentConfig, metrics: Mapping[str, Any]) -> str:
    optimiser, training = config.optimiser, config.training
    stopped = ", where nothing had got better for long enough" if metrics["stopped_early"] else ""
    return (
        f"{optimiser.name}, learning rate {optimiser.learning_rate:g} ({config.schedule.name}), weight decay "
        f"{optimiser.weight_decay:g}, batches of {training.batch_size}, modality dropout "
        f"{training.modality_dropout:g}, loss {config.loss.classes}; seed {metrics['seed']}. "
        f"{metrics['epochs']} of {training.epochs} epochs were run{stopped}; epoch "
        f"{metrics['best_epoch']}, with the best validation {training.metric} ({metrics['best']:.3f}), is "
        "kept. Confidence was then fitted on the validation split: temperatures of the experts, and a scale "
        "of the fuser's evidence for each subset of the modalities. "
        f"Computed on {metrics['device']} (mixed precision: {metrics['precision']}). "
        "One seed: how far figures spread over seeds, `live-sentiment compare` says."
    )


def _limits(data: Mapping[str, Any]) -> list[str]:
    licences = sorted({one["licence"] for one in data["corpora"]})
    return [
        _LIMITS[data["synthetic_pairs"]],
        "- What people show is not what they feel; acted and collected expressions even less so.",
        "- Weights inherit the question of their data's licences: " + "; ".join(licences) + ".",
        "- A session assumes other class frequencies than the data have: the fuser's prior in "
        "`fusion.safetensors` is that of use.",
    ]


def _clustered(measured: Mapping[str, Any]) -> bool:
    return any(told["clusters"] for told in measured.get("fused", {}).values())
