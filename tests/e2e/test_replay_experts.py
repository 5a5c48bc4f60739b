"""`replay` with experts that an experiment trained: one small file for each modality."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from live_sentiment.core.config import EncoderConfig
from live_sentiment.models.store.store import ModelStore
from tests.helpers.experts import save_untrained
from tests.helpers.tiny_networks import save_network

pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]

DEMO = Path(__file__).parents[2] / "recordings/demo.mp4"


def test_a_replay_reads_with_the_experts_it_is_given(
    pulled: None, model_store: ModelStore, tmp_path: Path
) -> None:
    save_network(tmp_path / "wavlm", "wavlm")
    text = save_untrained(
        tmp_path / "words.safetensors", "text", EncoderConfig(name="word-lstm"), model_store
    )
    heard = EncoderConfig(name="wav2vec2", source=str(tmp_path / "wavlm"), layers="mix")
    voice = save_untrained(tmp_path / "sounds.safetensors", "voice", heard, model_store)
    seen = EncoderConfig(name="resnet", size_px=64)
    vision = save_untrained(tmp_path / "faces.safetensors", "vision", seen, model_store)
    settings = {
        "perception.text.head": text,
        "perception.voice.head": voice,
        "perception.face.encoder": vision,
        "fusion.fuser": "product-of-experts",
    }
    command = [sys.executable, "-m", "live_sentiment", "replay", str(DEMO), "--end", "4", "--no-dashboard"]
    command += ["--output", str(tmp_path / "out")]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "out/demo/timeline.jsonl").read_text().splitlines()
    header, *rest = (json.loads(line) for line in lines)
    models = header["models"]
    assert models["text"].startswith("word-lstm + words ")
    assert models["voice"].startswith("wav2vec2 (wavlm) + sounds ")
    assert models["vision"].startswith("resnet + faces ")
    points = [line for line in rest if line["type"] == "point"]
    present = {name for point in points for name, one in point["presence"].items() if one["present"]}
    assert present == {"text", "voice", "vision"}
