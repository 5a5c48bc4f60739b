from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.console.train_experiment import PRESETS as TOLD
from live_sentiment.core.errors import UsageError
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.presets import PRESETS, load_experiment, preset_file
from live_sentiment.training.experiments.run import dump


def test_the_command_names_every_preset() -> None:
    assert set(TOLD) == set(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_experiments_by_their_own_name(name: str) -> None:
    experiment = load_experiment(name)
    assert experiment.name == name
    assert set(experiment.encoders.named()) == set(experiment.modalities)


def test_overrides_go_over_the_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[training]\nepochs = 3\nseed = 7\n[data]\ncorpora = ["meld"]\n', encoding="utf-8")
    experiment = load_experiment(
        "fusion-network", file=file, overrides=["training.epochs=2", 'data.corpora=["meld", "ferplus"]']
    )
    assert (experiment.training.epochs, experiment.training.seed) == (2, 7)
    assert experiment.data.corpora == ("meld", "ferplus")
    assert experiment.fusion.hidden == (128,)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("training.epoch=3", "did you mean 'training.epochs'"),
        ("encoders.vision.sorce=x", "did you mean 'encoders.vision.source'"),
        ("optimiser.learning_rate=-1", "optimiser.learning_rate"),
        ("data.corpora=[meld]", "not valid TOML"),
        ("fusion.core=sums", "fusion.core"),
        ("loss.weights.polarity=0", "learns nothing"),
    ],
)
def test_what_is_wrong_is_named(override: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        load_experiment("fusion-network", overrides=[override])


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="fusion-network"):
        preset_file("fusion")


@pytest.mark.parametrize("name", PRESETS)
def test_the_configuration_written_out_is_the_same_one(name: str, tmp_path: Path) -> None:
    experiment = load_experiment(name)
    file = tmp_path / "config.toml"
    file.write_text(dump(experiment), encoding="utf-8")
    assert load_experiment(file=file) == experiment


def test_modalities_come_in_one_order() -> None:
    tree = {"data": {"corpora": ["meld"]}, "fusion": {"modalities": ["vision", "text"]}}
    assert ExperimentConfig.model_validate(tree).modalities == ("text", "vision")
