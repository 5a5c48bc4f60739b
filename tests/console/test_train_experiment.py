from __future__ import annotations

from pathlib import Path

import pytest

from live_sentiment.console.main import main
from live_sentiment.console.train_experiment import PRESETS
from live_sentiment.training.experiments.presets import load_experiment, preset_file
from tests.helpers.lab_corpora import write_corpora

SMALL = """
[data]
corpora = ["meld", "emodb"]
pairs = 32
held_out_pairs = 32
[encoders.text]
name = "word-attention"
width = 8
[encoders.voice]
name = "mel-lstm"
width = 8
[fusion]
core = "concat"
modalities = ["text", "voice"]
width = 8
[training]
epochs = 1
batch_size = 16
"""


@pytest.mark.parametrize("name", PRESETS)
def test_help_of_a_preset_says_that_pairs_are_synthetic(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", name, "--help"])
    assert stopped.value.code == 0
    assert "SYNTHETIC PAIRS" in capsys.readouterr().out


def test_show_prints_the_preset_to_copy_and_what_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "fusion-network", "--show"]) == 0
    assert capsys.readouterr().out == preset_file("fusion-network").read_text(encoding="utf-8")
    assert main(["train", "fusion-network", "--show", "--set", "training.epochs=3"]) == 0
    copied = tmp_path / "copied.toml"
    copied.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load_experiment(file=copied) == load_experiment("fusion-network", overrides=["training.epochs=3"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "--data and --output are needed"),
        (["--data", "nowhere", "--output", "run", "--set", "training.epoch=1"], "training.epochs"),
        (["--data", "nowhere", "--output", "run"], "no folder nowhere"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "fusion-network", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert said in error
    assert len(error.splitlines()) == 1


def test_an_experiment_of_ones_own_and_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpora = write_corpora(tmp_path / "corpora", each=3)
    file = tmp_path / "small.toml"
    file.write_text(SMALL, encoding="utf-8")
    command = ["train", "experiment", str(file), "--data", str(corpora), "--output", str(tmp_path / "run")]
    assert main([*command, "--device", "cpu", "--offline"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("SYNTHETIC PAIRS")
    assert "| fused | emotions | 32 |" in told
    assert "classes not learnt: sadness" in told
    assert "replay.toml" in told
    assert main([*command, "--device", "cpu", "--offline"]) == 0
    assert "was trained before" in capsys.readouterr().out
    assert main(["card", str(tmp_path / "run")]) == 0
    written = (tmp_path / "run" / "card.md").read_text(encoding="utf-8")
    assert "live-sentiment train experiment small.toml --data FOLDER --output RUN" in written
    assert main(["card", str(tmp_path)]) == 2
    assert "holds no finished run" in capsys.readouterr().err
