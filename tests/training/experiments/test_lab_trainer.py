"""Training on features that classes can be told by: no encoder, no file but the run's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from live_sentiment.core.config import ModelsConfig
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data.samples import Corpus, Sample, Split
from live_sentiment.training.experiments.build import build_collator, build_model
from live_sentiment.training.experiments.checkpoint import (
    load_checkpoint,
    model_state,
    random_state,
    restore_random_state,
    seed_everything,
)
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.devices import accelerator_for
from live_sentiment.training.experiments.joint import AsTheyAre
from live_sentiment.training.experiments.reading import ExperimentData
from live_sentiment.training.experiments.trainer import Outcome, Trainer

STORE = ModelStore(ModelsConfig(offline=True))
CLASSES = 3


def samples(split: Split, count: int, seed: int) -> list[Sample]:
    """Text and voice features around a point of their class; every fifth sample has no voice."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).normal(size=(CLASSES, 6)) * 2
    found = []
    for number in range(count):
        kind = number % CLASSES
        features: dict[Any, Any] = {
            "text": (centres[kind] + random.normal(size=(1 + number % 3, 6))).astype(np.float32),
        }
        if number % 5:
            features["voice"] = (centres[kind][:4] + random.normal(size=(2, 4))).astype(np.float32)
        found.append(
            Sample(
                key=f"{split}-{number}",
                split=split,
                features=features,
                emotions=np.eye(len(EMOTIONS), dtype=np.float32)[kind],
                polarity=np.eye(len(POLARITIES), dtype=np.float32)[kind],
                valence_arousal=np.array([kind - 1, np.nan], np.float32) * 0.8,
                score=3.0 * (kind - 1),
            )
        )
    return found


def data() -> ExperimentData:
    corpus = Corpus(
        "toy",
        "none",
        [*samples("train", 60, 1), *samples("validation", 30, 2), *samples("test", 30, 3)],
    )
    splits: Mapping[str, AsTheyAre] = {
        split: AsTheyAre.of([corpus], split, ("text", "voice"), 0)  # type: ignore[arg-type]
        for split in ("train", "validation", "test")
    }
    return ExperimentData(
        [corpus], splits["train"], splits["validation"].joints, splits["test"].joints, synthetic=False
    )


def experiment(**training: Any) -> ExperimentConfig:
    return ExperimentConfig.model_validate(
        {
            "data": {"corpora": ["toy"]},
            "tokens": "steps",
            "fusion": {
                "core": "cross-attention",
                "modalities": ["text", "voice"],
                "width": 8,
                "attention_heads": 2,
                "heads": ["emotions", "polarity", "valence_arousal", "score"],
            },
            "optimiser": {"learning_rate": 0.01, "l1": 1e-5},
            "training": {
                "epochs": 4,
                "batch_size": 16,
                "mixup": 0.4,
                "checkpoint_steps": 2,
                "patience": 0,
                **training,
            },
        }
    )


def trainer(config: ExperimentConfig, folder: Path) -> tuple[Trainer, Any]:
    folder.mkdir(exist_ok=True)
    learnt = data()
    accelerator = accelerator_for(config.training, "cpu")
    seed_everything(config.training.seed)
    model = build_model(config, learnt, STORE, accelerator.device)
    collator = build_collator(config, model, learnt.corpora, store=STORE)
    state = load_checkpoint(folder / "checkpoint")
    made = Trainer(
        config,
        model,
        learnt,
        collator,
        folder=folder,
        accelerator=accelerator,
        identity="toy",
        state=state,
    )
    return made, model


def run(
    config: ExperimentConfig, folder: Path, told: Callable[[int, int, str], None] = lambda *_: None
) -> tuple[Outcome, dict[str, Tensor]]:
    made, model = trainer(config, folder)
    outcome = made.run(told)
    return outcome, model_state(model)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


class StoppedError(Exception):
    """In the place of Ctrl-C."""


def stop_after(last: int) -> Callable[[int, int, str], None]:
    def told(step: int, steps: int, line: str) -> None:
        if step == last:
            raise StoppedError

    return told


def test_the_loss_falls_and_the_best_epoch_is_kept(tmp_path: Path) -> None:
    outcome, _ = run(experiment(epochs=8, mixup=0.0), tmp_path)
    learnt = [line for line in lines(tmp_path) if line["kind"] == "train"]
    looked = [line for line in lines(tmp_path) if line["kind"] == "validation"]
    assert [line["step"] for line in learnt] == list(range(1, 8 * 3 + 1))
    assert np.mean([line["loss"] for line in learnt[-3:]]) < 0.8 * np.mean(
        [line["loss"] for line in learnt[:3]]
    )
    assert outcome.epochs == 8
    assert not outcome.stopped_early
    assert outcome.best == min(line["loss"] for line in looked)
    assert looked[outcome.best_epoch - 1]["loss"] == outcome.best
    assert looked[-1]["accuracy"] > 0.7
    assert any((tmp_path / "tensorboard").iterdir())


@pytest.mark.parametrize("stops", [(5,), (1,), (3, 8, 9)])
def test_stopped_and_gone_on_equals_never_stopped_bit_for_bit(stops: tuple[int, ...], tmp_path: Path) -> None:
    config = experiment()
    whole = run(config, tmp_path / "whole")
    for step in stops:
        with pytest.raises(StoppedError):
            run(config, tmp_path / "parts", stop_after(step))
    parts = run(config, tmp_path / "parts")
    assert parts[0] == whole[0]
    assert parts[1].keys() == whole[1].keys()
    for name, tensor in whole[1].items():
        assert torch.equal(parts[1][name], tensor), name
    assert (tmp_path / "parts" / "log.jsonl").read_bytes() == (tmp_path / "whole" / "log.jsonl").read_bytes()


def test_workers_beside_the_training_change_nothing(tmp_path: Path) -> None:
    config = experiment(epochs=1)
    one = run(config, tmp_path / "without")[1]
    beside = config.model_copy(update={"data": config.data.model_copy(update={"workers": 1})})
    other = run(beside, tmp_path / "with")[1]
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_half_precision_learns_where_the_processor_computes_in_it(tmp_path: Path) -> None:
    run(experiment(epochs=3, precision="bfloat16", mixup=0.0), tmp_path)
    looked = [line["loss"] for line in lines(tmp_path) if line["kind"] == "validation"]
    assert looked[-1] < looked[0]


def test_half_precision_of_gpus_needs_one() -> None:
    with pytest.raises(UsageError, match="needs a GPU"):
        accelerator_for(experiment(precision="float16").training, "cpu")


def test_another_seed_gives_other_numbers(tmp_path: Path) -> None:
    one, other = (run(experiment(seed=seed), tmp_path / str(seed))[1] for seed in (0, 1))
    assert not torch.equal(one["heads.text.emotions.weight"], other["heads.text.emotions.weight"])


def test_a_loss_that_is_no_number_is_one_sentence_with_a_way_out(tmp_path: Path) -> None:
    config = experiment(checkpoint_steps=1)
    config = config.model_copy(
        update={"optimiser": config.optimiser.model_copy(update={"learning_rate": 1e30, "clip_norm": 0.0})}
    )
    with pytest.raises(
        RunError, match=r"at step \d+ with learning rate .*lower optimiser\.learning_rate"
    ) as e:
        run(config, tmp_path)
    assert "checkpoint still holds the state before" in str(e.value)
    state = load_checkpoint(tmp_path / "checkpoint")
    assert state is not None


def test_it_stops_when_nothing_gets_better(tmp_path: Path) -> None:
    config = experiment(epochs=50, patience=2, metric="accuracy", mixup=0.0)
    outcome, _ = run(config, tmp_path)
    assert outcome.stopped_early
    assert outcome.epochs == outcome.best_epoch + 2
    looked = [line["accuracy"] for line in lines(tmp_path) if line["kind"] == "validation"]
    assert outcome.best == max(looked)


def test_the_states_of_all_generators_come_back() -> None:
    seed_everything(3)
    state = random_state()
    drawn = (np.random.rand(), torch.rand(1).item(), np.random.standard_normal())
    restore_random_state(state)
    assert (np.random.rand(), torch.rand(1).item(), np.random.standard_normal()) == drawn


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_bytes(b"half a file")
    with pytest.raises(UsageError, match="is no checkpoint"):
        load_checkpoint(tmp_path / "checkpoint")


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("schedule", ["plateau", "linear", "constant"])
def test_every_optimiser_and_schedule_learns(name: str, schedule: str, tmp_path: Path) -> None:
    config = experiment(epochs=3, mixup=0.0)
    config = config.model_copy(
        update={
            "optimiser": config.optimiser.model_copy(update={"name": name}),
            "schedule": config.schedule.model_copy(update={"name": schedule}),
        }
    )
    run(config, tmp_path)
    looked = [line["loss"] for line in lines(tmp_path) if line["kind"] == "validation"]
    assert looked[-1] < looked[0]
