"""A small run measured by the command, on its own samples and on another corpus."""

import json
from pathlib import Path

import pytest

from live_sentiment.console.main import main
from live_sentiment.core.config import ModelsConfig
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.experiments.presets import load_experiment
from live_sentiment.training.experiments.run import train_experiment
from tests.helpers.lab_corpora import write_corpora

EXPERIMENT = """
name = "tiny"
[data]
corpora = ["meld", "ferplus"]
pairs = 16
held_out_pairs = 12
[encoders.text]
name = "word-attention"
width = 8
[encoders.vision]
name = "small-cnn"
width = 8
size_px = 16
[fusion]
core = "mean"
width = 8
modalities = ["text", "vision"]
[training]
epochs = 1
batch_size = 8
"""


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"), each=4)


@pytest.fixture(scope="module")
def run_folder(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "tiny.toml").write_text(EXPERIMENT, encoding="utf-8")
    config = load_experiment(file=folder / "tiny.toml")
    store = ModelStore(ModelsConfig(offline=True))
    train_experiment(config, corpora, folder / "run", store=store, device="cpu")
    return folder / "run"


def test_a_run_is_measured_with_every_subset_and_named_as_synthetic(
    run_folder: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(run_folder), "--data", str(corpora), "--device", "cpu"]) == 0
    said = capsys.readouterr().out
    assert "SYNTHETIC" in said
    assert "words + face" in said
    told = json.loads((run_folder / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    assert told["tasks"]["emotions"]["samples"] == 12
    assert [one["present"] for one in told["ablation"]] == [["text", "vision"], ["text"], ["vision"]]
    page = (run_folder / "evaluation" / "evaluation.html").read_text(encoding="utf-8")
    assert "Seven emotions" in page


def test_a_run_is_measured_on_another_corpus_with_what_that_has(
    run_folder: Path, corpora: Path, tmp_path: Path
) -> None:
    command = ["evaluate", str(run_folder), "--data", str(corpora), "--corpus", "meld", "--device", "cpu"]
    assert main([*command, "--output", str(tmp_path), "--split", "validation"]) == 0
    told = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert told["ablation"] == []
    assert "MELD" in told["data"]
    assert "validation" in told["data"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--corpus", "emodb"], "which this run reads"),
        (["--corpus", "sst2"], "SST-2"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_what_cannot_be_measured_is_said(
    run_folder: Path,
    corpora: Path,
    options: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["evaluate", str(run_folder), "--data", str(corpora), *options]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_a_run_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path), "--data", str(tmp_path)]) == 2
    assert "no finished run" in capsys.readouterr().err
