"""`train fusion` as a user calls it, with the shipped heads, on corpora of a few samples made up here."""

from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.console.main import main
from live_sentiment.core.config import FusionConfig
from live_sentiment.core.types import EMOTIONS
from live_sentiment.models.fusion import Fusion
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.training.data import face_align, fusion_voice
from live_sentiment.training.data.face_data import COLUMNS, SPLITS, VOTES
from tests.helpers.paper_data import voice_pools


def write_texts(folder: Path) -> None:
    for name, columns in (("meld", "text\temotion\tsentiment"), ("goemotions", "text\temotions")):
        (folder / name).mkdir(parents=True)
        for split in ("train", "dev", "test"):
            end = "\tneutral" if name == "meld" else ""
            lines = [f"I say this with {emotion}\t{emotion}{end}" for emotion in EMOTIONS]
            (folder / name / f"{split}.tsv").write_text("\n".join([columns, *lines]) + "\n")


def write_faces(folder: Path) -> None:
    folder.mkdir()
    for seed, split in enumerate(SPLITS):
        votes = np.zeros((len(EMOTIONS), len(VOTES)), np.uint8)
        votes[np.arange(len(EMOTIONS)), COLUMNS] = 10
        images = np.random.default_rng(seed).integers(0, 256, (len(votes), 48, 48)).astype(np.uint8)
        np.savez(folder / f"ferplus_{split}.npz", images=images, votes=votes)


@pytest.mark.models
def test_one_command_trains_what_fusion_loads(
    tmp_path: Path,
    pulled: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_texts(tmp_path / "data" / "text")
    write_faces(tmp_path / "data" / "face")
    monkeypatch.setattr(fusion_voice, "voice_pools", voice_pools)
    monkeypatch.setattr(face_align, "FaceDetector", lambda *arguments: lambda picture: [])
    output = tmp_path / "fusers.safetensors"
    arguments = ["--data", str(tmp_path / "data"), "--output", str(output), "--device", "cpu"]
    assert main(["train", "fusion", *arguments, "--seeds", "1", "--steps", "2"]) == 0
    said = capsys.readouterr()
    assert "| text + voice + vision | cross-attention |" in said.out
    assert "seed 0" in said.err
    weights = load_shipped(str(output))
    assert set(weights.metadata["experts"]) == {"text", "voice", "vision"}
    for fuser in ("product-of-experts", "cross-attention"):
        Fusion([], FusionConfig.model_validate({"fuser": fuser, "weights": str(output)}), torch.device("cpu"))
    assert "MELD" in output.with_suffix(".md").read_text()
