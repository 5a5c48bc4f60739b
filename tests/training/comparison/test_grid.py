"""Fusers × corpora × seeds on features that a moment's training learns."""

import json
from pathlib import Path

import pytest

from live_sentiment.console.main import main
from live_sentiment.core.config import ModelsConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.comparison import grid
from live_sentiment.training.comparison.grid import Cell, Grid, GridTask
from live_sentiment.training.comparison.grid_page import grid_page
from tests.helpers.paper_data import write_mosi_features

STORE = ModelStore(ModelsConfig(offline=True))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_mosi_features(folder, train=40, test=24)
    return folder


def test_one_command_makes_the_table_and_keeps_every_cell(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["compare", "--fusers", "mean", "concat", "--corpora", "mosi-acl17", "--seeds", "2"]
    command += ["--data", str(data), "--output", str(tmp_path), "--device", "cpu"]
    command += ["--train", "training.epochs=1", "fusion.width=8"]
    assert main(command) == 0
    page = (tmp_path / "comparison.md").read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    assert "| mean |" in page
    assert " ± " in page
    told = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert len(told["cells"]) == len(list((tmp_path / "cells").iterdir())) == 4
    assert told["settings"] == ["training.epochs=1", "fusion.width=8"]
    assert {cell["seed"] for cell in told["cells"]} == {0, 1}

    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cells").rglob("metrics.json")}
    assert main(command) == 0
    assert {file: file.stat().st_mtime_ns for file in kept} == kept


def test_what_cannot_be_compared_is_said(data: Path, tmp_path: Path) -> None:
    def of(**changes: object) -> Grid:
        wanted = {"fusers": ["mean"], "corpora": ["mosi-acl17"], **changes}
        return Grid(GridTask(data, tmp_path, **wanted), STORE, "cpu", lambda *_: None)  # type: ignore[arg-type]

    with pytest.raises(UsageError, match="no fuser 'magic'"):
        of(fusers=["magic"])
    with pytest.raises(UsageError, match="--seeds"):
        of(seeds=0)
    with pytest.raises(UsageError, match="no corpus 'nothing'"):
        of(corpora=["nothing"])


def test_what_is_paired_is_named_as_synthetic_and_scores_are_no_percentages(tmp_path: Path) -> None:
    figures = {"score": {"mae": 1.25, "acc7": 0.3}, "emotions": {"uar": 0.5}}
    cells = [Cell("a+b", "mean", seed, True, figures) for seed in (0, 1)]
    page = grid_page(cells, GridTask(tmp_path, tmp_path, ["mean"], ["a+b"], 2))
    assert "SYNTHETIC" in page
    assert "| mean | 30.0 ± 0.0 | 1.250 ± 0.000 | 50.0 ± 0.0 |" in page


def test_modalities_and_encoders_follow_from_the_corpus(data: Path, tmp_path: Path) -> None:
    task = GridTask(data, tmp_path, ["mean"], ["mosi-acl17"], overrides=["training.epochs=2"])
    base = grid._base("mosi-acl17", task)
    assert base["fusion"] == {"modalities": ["text", "voice", "vision"], "heads": ["polarity"]}
    assert base["encoders"] == {}
    assert base["training"] == {"epochs": "2"}
