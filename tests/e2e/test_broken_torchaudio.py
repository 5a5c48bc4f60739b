"""A torchaudio that refuses the torch beside it: a file is analysed all the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.libraries import TRIED
from live_sentiment.models.store.store import ModelStore
from tests.helpers.experts import save_untrained
from tests.helpers.tiny_networks import save_network

pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]

DEMO = Path(__file__).parents[2] / "recordings/demo.mp4"
EXCERPT_S = 4


def replay(place: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    broken = place / "broken" / "torchaudio"
    broken.mkdir(parents=True)
    why = "libtorchaudio.so: undefined symbol: torch_exception_get_what_without_backtrace"
    (broken / "__init__.py").write_text(f"raise OSError({why!r})\n", encoding="utf-8")
    paths = [str(broken.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    command = [sys.executable, "-m", "live_sentiment", "replay", str(DEMO), "--end", str(EXCERPT_S)]
    command += ["--no-dashboard", "--output", str(place / "out")]
    command += [word for setting in settings for word in ("--set", setting)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def points(place: Path) -> list[dict[str, object]]:
    lines = (place / "out/demo/timeline.jsonl").read_text(encoding="utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line["type"] == "point"]


def test_a_file_with_sound_is_analysed(pulled: None, tmp_path: Path) -> None:
    done = replay(tmp_path)
    assert done.returncode == 0, done.stderr
    heard = [point for point in points(tmp_path) if point["presence"]["voice"]["present"]]  # type: ignore[index]
    assert len(points(tmp_path)) == 4 * EXCERPT_S
    assert heard


def test_so_it_is_by_networks_of_transformers(model_store: ModelStore, tmp_path: Path) -> None:
    save_network(tmp_path / "wavlm", "wavlm")
    heard = EncoderConfig(name="wav2vec2", source=str(tmp_path / "wavlm"), layers="mix")
    voice = save_untrained(tmp_path / "sounds.safetensors", "voice", heard, model_store)
    seen = EncoderConfig(name="resnet", size_px=64)
    face = save_untrained(tmp_path / "faces.safetensors", "vision", seen, model_store)
    done = replay(
        tmp_path,
        f"perception.voice.head={voice}",
        f"perception.face.encoder={face}",
        "fusion.fuser=product-of-experts",
    )
    assert done.returncode == 0, done.stderr
    assert len(points(tmp_path)) == 4 * EXCERPT_S


def test_what_needs_it_says_so_in_one_line(model_store: ModelStore, tmp_path: Path) -> None:
    mel = save_untrained(tmp_path / "mel.safetensors", "voice", EncoderConfig(name="mel-cnn"), model_store)
    done = replay(tmp_path, f"perception.voice.head={mel}", "fusion.fuser=product-of-experts")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "torchaudio" in line]
    assert "Traceback" not in done.stderr
    assert torch.__version__.partition("+")[0] in line
    assert f"pip install torch=={TRIED['torch']} torchaudio=={TRIED['torchaudio']}" in line
