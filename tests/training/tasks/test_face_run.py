"""`train face` as a user calls it, on pictures made up here; and what it makes of its scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.console.main import main
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.face_expression import Expression
from live_sentiment.models.face_pooling import Pooling
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.training.data import face_align
from live_sentiment.training.data.face_data import SPLITS, VOTES, load_ferplus
from live_sentiment.training.tasks import face_teacher
from live_sentiment.training.tasks.face import Faces
from live_sentiment.training.tasks.face_calibration import Calibration
from live_sentiment.training.tasks.face_finish import figures, measure_face


def ferplus(folder: Path, count: int = 36) -> Path:
    folder.mkdir()
    for seed, split in enumerate(SPLITS):
        rng = np.random.default_rng(seed)
        votes = np.zeros((count, len(VOTES)), np.uint8)
        votes[np.arange(count), np.arange(count) % 9] = 8
        votes[:, 0] += 2
        images = rng.integers(0, 256, (count, 48, 48)).astype(np.uint8)
        np.savez(folder / f"ferplus_{split}.npz", images=images, votes=votes)
    return folder


@pytest.fixture
def no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_align, "FaceDetector", lambda *arguments: lambda picture: [])


def train(tmp_path: Path, *options: str, name: str = "net") -> int:
    data = tmp_path / "data"
    if not data.exists():
        ferplus(data)
    output = tmp_path / f"{name}.safetensors"
    arguments = ["--data", str(data), "--output", str(output), "--detector", str(tmp_path)]
    return main(["train", "face", *arguments, "--epochs", "1", "--precision", "float32", *options])


@pytest.mark.usefixtures("no_detector")
def test_it_writes_weights_that_the_stage_reads_and_a_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path) == 0
    said = capsys.readouterr().out
    assert "4 contempt, 4 unknown, 0 NF; 28 left" in said
    assert "test, clear faces: accuracy" in said
    weights = load_shipped(str(tmp_path / "net.safetensors"))
    assert weights.metadata["labels"] == list(EMOTIONS)
    assert sum(weights.metadata["prior"]) == pytest.approx(1, abs=1e-5)
    readings = Expression(weights, torch.device("cpu"))([np.zeros((48, 48), np.uint8)])
    assert readings.emotions.shape == (1, 7)
    card = (tmp_path / "net.md").read_text()
    for said in (
        "clear, aligned | test | 28",
        "majority, aligned | test | 28",
        "research use",
        "Limits and bias",
        "--epochs 1 --seed 1",
    ):
        assert said in card
    assert "validation, aligned" in (tmp_path / "net.work" / "train.log").read_text()


@pytest.mark.usefixtures("no_detector")
def test_the_same_command_writes_the_same_bytes_and_goes_on_where_it_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path, name="one")
    train(tmp_path, name="two")
    first = (tmp_path / "one.safetensors").read_bytes()
    assert first == (tmp_path / "two.safetensors").read_bytes()
    capsys.readouterr()
    train(tmp_path, name="one")
    assert "going on after epoch 1" in capsys.readouterr().out
    assert (tmp_path / "one.safetensors").read_bytes() == first


@pytest.mark.usefixtures("no_detector")
def test_another_recipe_does_not_go_on_with_the_old_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train(tmp_path)
    assert train(tmp_path, "--seed", "2") == 2
    assert "remove it to start anew" in capsys.readouterr().err


@pytest.mark.usefixtures("no_detector")
def test_pictures_without_one_of_the_emotions_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ferplus(tmp_path / "data", count=5)
    assert train(tmp_path) == 2
    assert "shows fear or disgust" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--data", "nowhere"], "holds neither"),
        (["--output", "weights.pt"], ".safetensors"),
        (["--epochs", "0"], "from 1 on"),
        (["--teacher", "nowhere"], "no teacher in nowhere"),
        (["--start", "nowhere.safetensors"], "no trained weights"),
    ],
)
def test_wrong_use_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert train(tmp_path, *options) == 2
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("no_detector")
def test_it_goes_on_from_weights_and_learns_from_a_teacher(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], teacher_files: Path
) -> None:
    assert train(tmp_path, name="first") == 0
    first = tmp_path / "first.safetensors"
    assert train(tmp_path, "--start", str(first), "--teacher", str(teacher_files), name="second") == 0
    metadata = load_shipped(str(tmp_path / "second.safetensors")).metadata
    assert (metadata["teacher"], metadata["start_epochs"]) == (face_teacher.SHA256, 1)
    assert metadata["recipe"]["low_resolution_share"] == 0
    assert 0 < metadata["familiar_up_to"][0] < metadata["familiar_up_to"][1]
    weights = load_shipped(str(tmp_path / "second.safetensors"))
    assert any(name.startswith("second.") for name in weights.tensors)
    readings = Expression(weights, torch.device("cpu"))([np.zeros((48, 48), np.uint8)])
    assert readings.emotions.sum() == pytest.approx(1, abs=1e-5)
    card = (tmp_path / "second.md").read_text()
    for said in ("@vladmandic/face-api", face_teacher.SHA256, "--start FIRST.safetensors", "went on from 1"):
        assert said in card
    assert "face-api" not in (tmp_path / "first.md").read_text()
    assert load_shipped(str(first)).metadata["familiar_up_to"] is None
    assert Pooling.of(metadata) == Pooling()
    assert metadata["pooling"]["shares"] == [0.15, 0.7]
    # What has a second opinion in it is a start as well: its own weights are taken.
    assert train(tmp_path, "--start", str(tmp_path / "second.safetensors"), name="third") == 0


@pytest.mark.usefixtures("no_detector")
def test_without_epochs_the_weights_are_only_calibrated_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], teacher_files: Path
) -> None:
    assert train(tmp_path, name="first") == 0
    first = load_shipped(str(tmp_path / "first.safetensors"))
    again = ["--epochs", "0", "--start", str(tmp_path / "first.safetensors")]
    assert train(tmp_path, *again, "--teacher", str(teacher_files), name="again") == 0
    weights = load_shipped(str(tmp_path / "again.safetensors"))
    for name, tensor in first.tensors.items():
        if not name.startswith("head"):
            torch.testing.assert_close(weights.tensors[name], tensor, rtol=0, atol=0)
    assert weights.metadata["recipe"] == first.metadata["recipe"]
    assert weights.metadata["data"] == first.metadata["data"]
    assert weights.metadata["pooling"]["second_temperature"] == Pooling().second_temperature
    card = (tmp_path / "again.md").read_text()
    assert "--epochs 1 --seed 1" in card
    assert "--epochs 0 --start FILE.safetensors" in card


@pytest.mark.usefixtures("no_detector")
def test_weights_of_another_part_are_no_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--start", "voice-emotion") == 2
    assert "cannot go on from voice-emotion" in capsys.readouterr().err


@pytest.mark.usefixtures("no_detector")
def test_contempt_counts_against_the_network_among_eight_classes(tmp_path: Path) -> None:
    from live_sentiment.models.face_expression import ExpressionNet

    pictures = load_ferplus(ferplus(tmp_path / "data"))["test"]
    maps = np.tile(np.eye(2, 3, dtype=np.float32), (len(pictures), 1, 1))
    even = np.full(7, 1 / 7, np.float32)
    calibration = Calibration(1.0, even, 1.0, even, 0.0, even)
    found = figures(ExpressionNet(), pictures, Faces.of(pictures, maps), calibration)
    assert found["majority_eight"]["samples"] == 32
    assert found["majority"]["samples"] == 28
    assert found["clear"]["calibration_error"] == found["clear"]["calibration_error_rebalanced"]
    assert found["all"]["samples"] == 28
    assert found["eight_classes"]["samples"] == 32
    assert found["eight_classes"]["accuracy"] == pytest.approx(found["all"]["accuracy"] * 28 / 32, abs=1e-3)
    assert found["eight_classes"]["mean_recall"] == pytest.approx(
        found["all"]["mean_recall"] * 7 / 8, abs=1e-3
    )


def test_the_time_of_a_face_is_measured_in_milliseconds() -> None:
    speed = measure_face(Expression(load_shipped("face-expression"), torch.device("cpu")), repeats=5)
    assert 0 < speed["p50_ms"] <= speed["p95_ms"]
    assert speed["threads"] == torch.get_num_threads()
