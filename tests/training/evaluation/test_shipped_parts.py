"""What ships, measured by the command on a few samples; figures on so few mean nothing, their form does."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from live_sentiment.console.main import main
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data import fusion_voice
from live_sentiment.training.evaluation import parts
from tests.helpers.paper_data import voice_pools, write_faces, write_posed, write_texts
from tests.helpers.voices import RATE, hum, silence

pytestmark = pytest.mark.models


def evaluated(part: str, data: Path, output: Path, *more: str) -> dict[str, object]:
    command = ["evaluate", "--shipped", part, "--data", str(data), "--output", str(output), "--device", "cpu"]
    assert main([*command, *more]) == 0
    told: dict[str, object] = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    return told


def test_text_is_measured_on_meld(tmp_path: Path, model_store: ModelStore) -> None:
    model_store.path("all-minilm-l6-v2")
    write_texts(tmp_path / "data" / "text")
    told = evaluated("text", tmp_path / "data", tmp_path / "out")
    assert told["tasks"]["emotions"]["samples"] == 7  # type: ignore[index]
    assert told["facts"]["weights"].startswith("SHA-256")  # type: ignore[index]


def test_faces_are_measured_on_ferplus(tmp_path: Path, model_store: ModelStore) -> None:
    model_store.path("yunet-2023mar")
    write_faces(tmp_path / "data" / "face")
    told = evaluated("face", tmp_path / "data", tmp_path / "out", "--split", "validation")
    assert told["tasks"]["emotions"]["samples"] == 7  # type: ignore[index]
    assert "3 samples of FERPlus left out: contempt leads" in told["notes"]  # type: ignore[operator]


def test_every_collection_and_group_has_figures_of_its_own(tmp_path: Path, model_store: ModelStore) -> None:
    model_store.path("yunet-2023mar")
    write_faces(tmp_path / "data" / "face")
    write_posed(tmp_path / "data" / "face" / "more" / "taiwan")
    told = evaluated("face", tmp_path / "data", tmp_path / "out", "--corpus", "ferplus", "taiwan")
    found = {(one["kind"], one["name"]): one["samples"] for one in told["groups"]}  # type: ignore[attr-defined]
    assert found.pop(("collection", "ferplus")) == 7
    assert found.pop(("collection", "taiwan")) == 14
    by_raters = {name: count for (kind, name), count in found.items() if kind == "taiwan: raters"}
    assert by_raters == {"agree": 12, "see another emotion": 2}
    by_sex = {name: count for (kind, name), count in found.items() if kind == "taiwan: sex"}
    assert sum(by_sex.values()) == 14
    assert "Each group by itself" in (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")


def test_voices_that_the_head_has_heard_are_named_and_silence_is_counted(
    tmp_path: Path, model_store: ModelStore
) -> None:
    model_store.path("whisper-tiny.en")
    folder = tmp_path / "data" / "voice" / "ravdess"
    folder.mkdir(parents=True)
    rows = ["file,label,speaker"]
    for number, sound in enumerate((hum(2.0), hum(2.0, 150.0), silence(0.5))):
        soundfile.write(folder / f"{number}.wav", np.concatenate((sound, silence(0.2))), RATE)
        rows.append(f"ravdess/{number}.wav,happy,ravdess-1")
    (folder.parent / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    told = evaluated("voice", tmp_path / "data", tmp_path / "out")
    notes = " ".join(told["notes"])  # type: ignore[arg-type]
    assert "has heard the actors of ravdess" in notes
    assert "1 samples have too little speech" in notes
    assert told["tasks"]["emotions"]["samples"] == 2  # type: ignore[index]


def test_fusion_is_measured_on_pairs_that_are_named_as_synthetic(
    tmp_path: Path, pulled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_texts(tmp_path / "data" / "text")
    write_faces(tmp_path / "data" / "face")
    monkeypatch.setattr(fusion_voice, "voice_pools", voice_pools)
    monkeypatch.setattr(parts, "PAIRS", 64)
    told = evaluated("fusion", tmp_path / "data", tmp_path / "out")
    assert "SYNTHETIC" in " ".join(told["notes"])  # type: ignore[arg-type]
    assert len(told["ablation"]) == 7  # type: ignore[arg-type]


def test_there_is_nothing_to_fuse_in_one_modality(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_texts(tmp_path / "data" / "text")
    command = ["evaluate", "--shipped", "fusion", "--data", str(tmp_path / "data"), "--corpus", "meld"]
    assert main(command) == 2
    assert "nothing to fuse" in capsys.readouterr().err
