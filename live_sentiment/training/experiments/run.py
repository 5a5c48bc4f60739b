"""The whole of an experiment: read, build, train, calibrate, measure once, and write it all to one folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
import torch

from live_sentiment.core.config import read_toml, validated
from live_sentiment.core.errors import UsageError
from live_sentiment.models.store.store import ModelStore
from live_sentiment.sinks.atomic import replace_file
from live_sentiment.training.data.features import fingerprint
from live_sentiment.training.evaluation.evaluation import circumstances
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.experiments.batch import Collator
from live_sentiment.training.experiments.build import Told, build_collator, build_encoders, build_model
from live_sentiment.training.experiments.calibrate import calibrate
from live_sentiment.training.experiments.checkpoint import load_checkpoint, seed_everything
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.devices import accelerator_for
from live_sentiment.training.experiments.export import export_model, load_model, saved_dims
from live_sentiment.training.experiments.joint import Joint
from live_sentiment.training.experiments.model import ExperimentModel
from live_sentiment.training.experiments.predict import as_predictions, outputs, predict_alone
from live_sentiment.training.experiments.reading import ExperimentData, check_classes, read_data
from live_sentiment.training.experiments.trainer import Outcome, Progress, Trainer

CONFIG_FILE, METRICS_FILE, CHECKPOINT = "config.toml", "metrics.json", "checkpoint"
RESAMPLES = 200
"""Of the test figures' intervals; `live-sentiment evaluate` takes more time for them."""
FREE = ("data.workers", "training.checkpoint_steps")
"""What may change when a training goes on: it has no influence on the numbers."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """What an experiment came to."""

    folder: Path
    metrics: Mapping[str, Any]
    """As metrics.json has them."""
    trained: bool
    """False where the folder held the finished run already."""


def train_experiment(
    config: ExperimentConfig,
    data_folder: Path,
    output: Path,
    *,
    store: ModelStore,
    device: str = "auto",
    cache: Path | None = None,
    command: str = "",
    progress: Progress = lambda step, steps, line: None,
    told: Told = lambda what, done, total: None,
) -> RunResult:
    """Train an experiment into the folder `output`; interrupted, it goes on where it stopped.

    Args:
        config: the experiment.
        data_folder: holds its corpora.
        output: of the run; made when needed.
        store: of the models that its encoders start from.
        device: auto, cpu or cuda.
        cache: of frozen encoders' embeddings; None: embed at every step instead.
        command: how it was asked for, for the record.
        progress: is told of the steps.
        told: is told of what comes before.

    Raises:
        UsageError: the configuration, the data or what is in `output` do not fit.
        RunError: the loss is not a number any more, or a model cannot be had.
    """
    _same_run(output, config)
    data = read_data(config, data_folder)
    check_classes(config, data)
    identity = _identity(config, data)
    finished = _finished(output, identity)
    if finished is not None:
        return RunResult(output, finished, trained=False)
    state = load_checkpoint(output / CHECKPOINT)
    if state is not None and state["identity"] != identity:
        raise UsageError(
            f"{output} holds a training on other data, or of another version; choose another --output, "
            "or remove the folder"
        )
    accelerator = accelerator_for(config.training, device)
    if accelerator.is_main_process:
        output.mkdir(parents=True, exist_ok=True)
        replace_file(output / CONFIG_FILE, dump(config).encode())
    accelerator.wait_for_everyone()
    seed_everything(config.training.seed)
    model = build_model(config, data, store, accelerator.device)
    collator = build_collator(config, model, data.corpora, store=store, cache=cache, told=told)
    trainer = Trainer(
        config,
        model,
        data,
        collator,
        folder=output,
        accelerator=accelerator,
        identity=identity,
        state=state,
    )
    outcome = trainer.run(progress)
    size = config.training.batch_size
    calibrate(model, data.validation, collator, size)
    metrics = {
        "identity": identity,
        "name": config.name,
        "command": command,
        "seed": config.training.seed,
        **_told(outcome),
        "parameters": {
            "learnt": sum(one.numel() for one in model.parameters() if one.requires_grad),
            "all": sum(one.numel() for one in model.parameters()),
        },
        "device": str(accelerator.device),
        "precision": accelerator.mixed_precision,
        "data": data.describe(),
        "validation": _measured(model, data.validation, collator, size),
        "test": _measured(model, data.test, collator, size, resamples=RESAMPLES),
        "circumstances": circumstances(),
    }
    if accelerator.is_main_process:
        about = {"run": config.name, "data": metrics["data"], "seed": config.training.seed}
        export_model(output, config, model, data, about)
        # Last: a folder with metrics is a finished run.
        replace_file(output / METRICS_FILE, json.dumps(metrics, indent=2).encode())
    accelerator.wait_for_everyone()
    return RunResult(output, metrics, trained=True)


def load_run(
    folder: Path, store: ModelStore, device: torch.device | None = None
) -> tuple[ExperimentConfig, ExperimentModel]:
    """The configuration and the trained model of a finished run, ready for `predict`.

    Raises:
        UsageError: the folder holds no finished run, or its files do not belong together.
        RunError: a model of the store cannot be had.
    """
    config = read_run(folder)[0]
    device = device or torch.device("cpu")
    encoders = build_encoders(config, store, device)
    model = ExperimentModel(encoders, saved_dims(folder), config.fusion, pooled=config.tokens == "pooled").to(
        device
    )
    with torch.no_grad():
        load_model(model, folder, config)
    return config, model.eval().requires_grad_(False)


def read_run(folder: Path) -> tuple[ExperimentConfig, dict[str, Any]]:
    """The configuration and the metrics of a finished run.

    Raises:
        UsageError: the folder holds none.
    """
    if not (folder / METRICS_FILE).is_file():
        unfinished = (folder / CHECKPOINT).is_file()
        raise UsageError(
            f"{folder} holds no finished run"
            + ("; the same `live-sentiment train` command goes on with it" if unfinished else "")
        )
    metrics: dict[str, Any] = json.loads((folder / METRICS_FILE).read_text(encoding="utf-8"))
    return validated(ExperimentConfig, read_toml(folder / CONFIG_FILE)), metrics


def dump(config: ExperimentConfig) -> str:
    """The configuration as TOML, every value written out."""
    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def _told(outcome: Outcome) -> dict[str, Any]:
    return {
        "epochs": outcome.epochs,
        "best_epoch": outcome.best_epoch,
        "best": outcome.best,
        "stopped_early": outcome.stopped_early,
    }


def _measured(
    model: ExperimentModel,
    joints: Sequence[Joint],
    collator: Collator,
    batch_size: int,
    *,
    resamples: int = 0,
) -> dict[str, Any]:
    """Figures of the fuser, with intervals where they are asked for, and of each modality's own head."""
    if not joints:
        return {}
    said = outputs(model, joints, collator, batch_size)
    fused = _figures(as_predictions(model, joints, said), resamples)
    alone = {name: _figures(predict_alone(said, joints, name), 0) for name in model.dims}
    return {"samples": len(joints), "fused": fused, "alone": alone}


def _figures(predictions: Predictions, resamples: int) -> dict[str, Any]:
    try:
        return {one.task: one.as_dict() for one in measure(predictions, resamples=resamples)}
    except UsageError:
        return {}


def _same_run(output: Path, config: ExperimentConfig) -> None:
    """Refuse a folder that holds something else.

    Raises:
        UsageError: so it does.
    """
    if not (output / CONFIG_FILE).is_file():
        if output.is_file() or (output.is_dir() and any(output.iterdir())):
            raise UsageError(f"{output} is not empty and holds no run; choose another --output")
        return
    before = _flat(validated(ExperimentConfig, read_toml(output / CONFIG_FILE)))
    now = _flat(config)
    changed = [key for key in sorted(before | now) if before.get(key) != now.get(key)]
    if changed:
        key = changed[0]
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UsageError(
            f"{output} holds a run of another configuration: {key} is {before.get(key)!r} there and "
            f"{now.get(key)!r} here{more}; choose another --output, or remove the folder"
        )


def _flat(config: ExperimentConfig) -> dict[str, Any]:
    """Every value by its dotted key, without FREE."""
    flat: dict[str, Any] = {}

    def walk(prefix: str, tree: Mapping[str, Any]) -> None:
        for name, value in tree.items():
            if isinstance(value, Mapping):
                walk(f"{prefix}{name}.", value)
            elif prefix + name not in FREE:
                flat[prefix + name] = value

    walk("", config.model_dump(mode="json", exclude_none=True))
    return flat


def _identity(config: ExperimentConfig, data: ExperimentData) -> str:
    """Hash of all that decides the numbers: settings, samples, splits and labels."""
    digest = hashlib.sha256(json.dumps(_flat(config), sort_keys=True).encode())
    for corpus in data.corpora:
        for modality in config.modalities:
            digest.update(fingerprint(corpus, modality).encode())
        for sample in corpus.samples:
            digest.update(f"{sample.key} {sample.split} {sample.score}".encode())
            for values in (sample.emotions, sample.polarity, sample.valence_arousal):
                digest.update(b"-" if values is None else values.tobytes())
            for values in sample.features.values():
                digest.update(values.tobytes())
    return digest.hexdigest()


def _finished(output: Path, identity: str) -> dict[str, Any] | None:
    if not (output / METRICS_FILE).is_file():
        return None
    metrics: dict[str, Any] = json.loads((output / METRICS_FILE).read_text(encoding="utf-8"))
    if metrics["identity"] != identity:
        raise UsageError(f"{output} holds a run on other data; choose another --output, or remove the folder")
    return metrics
