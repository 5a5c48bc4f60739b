"""An experiment from files to files, on corpora of three emotions that small networks can learn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from live_sentiment.console.main import main
from live_sentiment.core.config import ModelsConfig, load_config
from live_sentiment.core.errors import UsageError
from live_sentiment.fusion.registry import build_fuser, described_experts
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.experiments.build import build_collator
from live_sentiment.training.experiments.card import card
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.predict import predict
from live_sentiment.training.experiments.presets import load_experiment
from live_sentiment.training.experiments.reading import read_data
from live_sentiment.training.experiments.run import RunResult, load_run, train_experiment
from tests.helpers.lab_corpora import write_corpora

STORE = ModelStore(ModelsConfig(offline=True))
EXPERIMENT = """
name = "tiny"
[data]
corpora = ["meld", "emodb", "ferplus"]
pairs = 64
held_out_pairs = 48
[encoders.text]
name = "word-attention"
width = 16
[encoders.voice]
name = "mel-lstm"
width = 16
[encoders.vision]
name = "small-cnn"
width = 16
size_px = 32
[fusion]
core = "concat"
width = 16
heads = ["emotions", "polarity"]
[optimiser]
learning_rate = 0.01
[training]
epochs = 6
batch_size = 16
checkpoint_steps = 3
modality_dropout = 0.2
"""
KILLED_AT = 7


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def experiment(folder: Path, *overrides: str) -> ExperimentConfig:
    file = folder / "tiny.toml"
    file.write_text(EXPERIMENT, encoding="utf-8")
    return load_experiment(file=file, overrides=overrides)


def train(config: ExperimentConfig, corpora: Path, output: Path, **more: Any) -> RunResult:
    return train_experiment(config, corpora, output, store=STORE, device="cpu", command="train it", **more)


@pytest.fixture(scope="module")
def trained(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    folder = tmp_path_factory.mktemp("trained")
    return train(experiment(folder), corpora, folder / "run")


def test_it_learns_and_says_that_the_pairs_are_synthetic(trained: RunResult) -> None:
    losses = [
        line["loss"]
        for line in map(json.loads, (trained.folder / "log.jsonl").read_text().splitlines())
        if line["kind"] == "train"
    ]
    assert losses[-1] < 0.8 * losses[0]
    fused = trained.metrics["test"]["fused"]
    assert fused["emotions"]["estimates"]["uar"]["value"] > 0.6  # chance is a third
    assert trained.metrics["data"]["note"].startswith("SYNTHETIC PAIRS")
    assert set(trained.metrics["data"]["classes_left_out"]) == {"sadness", "fear", "disgust", "surprise"}


def test_the_folder_holds_what_a_session_and_others_need(trained: RunResult) -> None:
    assert {path.name for path in trained.folder.iterdir()} == {
        "checkpoint",
        "config.toml",
        "fusion.safetensors",
        "log.jsonl",
        "metrics.json",
        "replay.toml",
        "tensorboard",
        "text.safetensors",
        "vision.safetensors",
        "voice.safetensors",
    }
    session = load_config(file=trained.folder / "replay.toml")
    assert session.fusion.fuser == "concat"
    weights = load_shipped(session.fusion.weights)
    assert weights.metadata["data"]["synthetic_pairs"]
    experts = described_experts(weights.metadata["experts"])
    for path, name in (
        (session.perception.text.head, "text"),
        (session.perception.voice.head, "voice"),
        (session.perception.face.encoder, "vision"),
    ):
        saved = load_shipped(path)
        assert saved.metadata["kind"] == "expert"
        assert experts[name].sha256 == saved.sha256  # type: ignore[index]
    fuser = build_fuser(session.fusion.fuser, list(experts.values()), weights)
    priors = fuser.log_emotion_prior.exp()
    assert priors.sum().item() == pytest.approx(1.0)
    assert priors[0].item() > 0.5  # neutral is what people mostly are, whatever was collected
    assert priors[2].item() < 0.001  # nobody was sad in the data


def test_loaded_again_it_says_what_was_measured(trained: RunResult, corpora: Path) -> None:
    config, model = load_run(trained.folder, STORE)
    data = read_data(config, corpora)
    collator = build_collator(config, model, data.corpora, store=STORE)
    said = predict(model, data.test, collator, config.training.batch_size)
    assert said.emotion_probabilities is not None
    assert said.emotion_labels is not None
    right = said.emotion_probabilities.argmax(axis=1) == said.emotion_labels.argmax(axis=1)
    told = trained.metrics["test"]["fused"]["emotions"]["estimates"]["accuracy"]["value"]
    assert float(np.mean(right)) == pytest.approx(told, abs=1e-4)
    blind = predict(model, data.test[:4], collator, modalities=("text",))
    assert blind.emotion_probabilities is not None
    assert not np.allclose(blind.emotion_probabilities, said.emotion_probabilities[:4])


def test_a_finished_run_is_not_trained_again(trained: RunResult, corpora: Path) -> None:
    before = (trained.folder / "checkpoint").stat().st_mtime_ns
    again = train(experiment(trained.folder.parent), corpora, trained.folder)
    assert not again.trained
    assert again.metrics == json.loads((trained.folder / "metrics.json").read_text())
    assert (trained.folder / "checkpoint").stat().st_mtime_ns == before


def test_the_card_says_data_licences_figures_limits_and_command(trained: RunResult) -> None:
    written = card(trained.folder)
    for said in (
        "**SYNTHETIC PAIRS",
        "| MELD | GPL-3.0 | 18 | 18 | 18 | none |",
        "Not learnt, for want of samples in some modality: sadness",
        "seed 0",
        "| fused | emotions | 48 |",
        "| vision alone | polarity | 48 |",
        "train it",
        "research use",
    ):
        assert said in written, said


def test_killed_and_started_again_it_ends_with_the_same_bytes(
    trained: RunResult, corpora: Path, tmp_path: Path
) -> None:
    config = experiment(tmp_path)
    script = f"""
import os, signal, sys
from pathlib import Path
from live_sentiment.core.config import ModelsConfig
from live_sentiment.training.experiments.presets import load_experiment
from live_sentiment.training.experiments.run import train_experiment
from live_sentiment.models.store.store import ModelStore
def told(step, steps, line):
    if step == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)
train_experiment(load_experiment(file=Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3]),
                 store=ModelStore(ModelsConfig(offline=True)), device="cpu", progress=told)
"""
    arguments = [str(tmp_path / "tiny.toml"), str(corpora), str(tmp_path / "run")]
    killed = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not (tmp_path / "run" / "metrics.json").exists()
    assert torch.load(tmp_path / "run" / "checkpoint", weights_only=True)["step"] < KILLED_AT
    result = train(config, corpora, tmp_path / "run")
    assert result.trained
    for name in ("log.jsonl", "fusion.safetensors", "text.safetensors", "vision.safetensors"):
        assert (result.folder / name).read_bytes() == (trained.folder / name).read_bytes(), name
    measured = [
        {key: one.metrics[key] for key in ("test", "validation", "best")} for one in (result, trained)
    ]
    assert measured[0] == measured[1]


def test_a_folder_of_another_configuration_is_left_alone(
    trained: RunResult, corpora: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"training\.seed is 0 there and 1 here"):
        train(experiment(tmp_path, "training.seed=1"), corpora, trained.folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="is not empty and holds no run"):
        train(experiment(tmp_path), corpora, tmp_path / "mine")


def test_a_folder_of_other_data_is_left_alone(trained: RunResult, tmp_path: Path) -> None:
    other = write_corpora(tmp_path / "other", each=5)
    with pytest.raises(UsageError, match="other data"):
        train(experiment(tmp_path), other, trained.folder)


def test_data_of_one_class_is_refused(tmp_path: Path) -> None:
    corpora = write_corpora(tmp_path / "corpora", each=2, emotions=["joy"])
    with pytest.raises(UsageError, match="need two classes"):
        train(experiment(tmp_path), corpora, tmp_path / "run")
    alone = ('data.corpora=["meld"]', 'fusion.modalities=["text"]')
    with pytest.raises(UsageError, match="only the class 'joy' of emotions"):
        train(experiment(tmp_path, *alone), corpora, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_empty_modality_is_named(corpora: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the modality vision is empty"):
        train(experiment(tmp_path, 'data.corpora=["meld", "emodb"]'), corpora, tmp_path / "run")
    with pytest.raises(UsageError, match=r"has voice: the modality is empty"):
        train(experiment(tmp_path, 'data.corpora=["meld"]', "data.pairing=none"), corpora, tmp_path / "run")


def test_a_speaker_in_two_splits_is_named(tmp_path: Path) -> None:
    leaking = tmp_path / "leaking" / "clips"
    leaking.mkdir(parents=True)
    (leaking / "index.csv").write_text(
        "text,emotion,speaker,split\nhello,joy,Ann,train\nwell,anger,Ann,test\nno,anger,Bob,validation\n",
        encoding="utf-8",
    )
    alone = ('data.corpora=["folder"]', 'fusion.modalities=["text"]', f"data.folders.folder={leaking}")
    with pytest.raises(UsageError, match="speaker Ann is in train and in test"):
        train(experiment(tmp_path, *alone), tmp_path, tmp_path / "run")


def test_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no finished run"):
        load_run(tmp_path, STORE)


@pytest.mark.models
@pytest.mark.timeout(900)
def test_a_session_uses_what_was_trained(trained: RunResult, tmp_path: Path, model_store: ModelStore) -> None:
    model_store.pull("whisper-tiny.en")
    model_store.pull("yunet-2023mar")
    demo = Path(__file__).parents[3] / "recordings" / "demo.mp4"
    arguments = ["replay", str(demo), "--config", str(trained.folder / "replay.toml"), "--end", "5"]
    assert main([*arguments, "--output", str(tmp_path), "--no-dashboard", "--json"]) == 0
    lines = [json.loads(line) for line in next(tmp_path.rglob("*.jsonl")).read_text().splitlines()]
    points = [line for line in lines if line["type"] == "point"]
    assert points
    assert any(point.get("emotions") for point in points)
    for name in ("text", "voice", "vision"):
        digest = load_shipped(str(trained.folder / f"{name}.safetensors")).sha256[:12]
        assert digest in json.dumps(lines[0]), name
