"""Offline means no socket and no pip: real commands under a hook that kills the process at either."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from live_sentiment.models.store.store import CACHE_VARIABLE, ModelStore
from tests.helpers import toy_model

CAUGHT = 97
"""Exit code of a process that reached for the network."""

HOOK = f"""
import os, sys

def guard(event, arguments):
    network = event.startswith("socket.") and event not in ("socket.gethostname", "socket.sethostname")
    if network or (event == "subprocess.Popen" and "pip" in map(str, arguments[1])):
        os.write(2, f"caught: {{event}}\\n".encode())
        os._exit({CAUGHT})

sys.addaudithook(guard)
"""

COMMAND = """
import os, sys
from pathlib import Path
from live_sentiment.models.store import store
from live_sentiment.models.store.manifest import load_manifest
store.load_manifest = lambda: load_manifest(Path(os.environ["TOY_MANIFEST"]))
from live_sentiment.console.main import main
sys.exit(main(["models", *sys.argv[1:]]))
"""

LOAD = """
import os, sys
import cv2
from faster_whisper import WhisperModel
from transformers import AutoModel, AutoTokenizer
from live_sentiment.core.config import ModelsConfig
from live_sentiment.models.store.store import ModelStore
store = ModelStore(ModelsConfig(offline=True))
names = iter(store.manifest)
for name in names:
    folder = str(store.resolve(name))
    if name.startswith("whisper"):
        WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True)
    elif name.startswith("yunet"):
        cv2.FaceDetectorYN.create(folder + "/face_detection_yunet_2023mar.onnx", "", (320, 320))
    else:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = AutoModel.from_pretrained(folder, local_files_only=True)
        hidden = model(**tokenizer("good morning", return_tensors="pt")).last_hidden_state
        assert hidden.shape == (1, 4, 384), hidden.shape
    print(name)
"""


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    """Environment of a process under the hook; pip would find the toy if it were asked."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)
    return {
        **os.environ,
        **toy_model.pip_from(toy_model.write_wheels(tmp_path / "wheels")),
        CACHE_VARIABLE: str(tmp_path / "cache"),
        "TOY_MANIFEST": str(toy_model.write_manifest(tmp_path / "manifest.toml", hub=True)),
        "PYTHONPATH": str(hook),
        "HF_HUB_OFFLINE": "0",
    }


def run(environment: dict[str, str], code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_hook_catches(guarded: dict[str, str]) -> None:
    connect = "import socket; socket.create_connection(('127.0.0.1', 9))"
    look_up = "import socket; socket.getaddrinfo('localhost', 80)"
    assert run(guarded, connect).returncode == CAUGHT
    assert run(guarded, look_up).returncode == CAUGHT
    assert run(guarded, COMMAND, "pull", "toy").returncode == CAUGHT, "online, pip is asked"


@pytest.mark.parametrize("actions", [["pull", "toy"], ["path", "toy"], ["verify", "toy"], ["list"]])
@pytest.mark.parametrize("how", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_with_a_full_cache(
    guarded: dict[str, str], tmp_path: Path, actions: list[str], how: str
) -> None:
    toy_model.write_folder(tmp_path / "cache" / "models")
    option = [how] if how == "--offline" else []
    done = run(guarded if option else guarded | {how: "1"}, COMMAND, *actions, *option)
    assert (done.returncode, done.stderr) == (0, "")
    assert "toy" in done.stdout


@pytest.mark.parametrize("how", ["--offline", "HF_HUB_OFFLINE"])
def test_offline_with_an_empty_cache(guarded: dict[str, str], tmp_path: Path, how: str) -> None:
    option = [how] if how == "--offline" else []
    done = run(guarded if option else guarded | {how: "1"}, COMMAND, "pull", "toy", *option)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"live-sentiment: the model toy is not in {tmp_path / 'cache' / 'models'}, and the network is off; "
        "once online, run `live-sentiment models pull toy`\n"
    )


@pytest.mark.models
def test_every_model_loads_without_a_network(guarded: dict[str, str], model_store: ModelStore) -> None:
    for name in model_store.manifest:
        model_store.path(name)
    done = run(guarded | {CACHE_VARIABLE: str(model_store.cache.parent)}, LOAD)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == list(model_store.manifest)


@pytest.mark.models
def test_every_model_is_whole(model_store: ModelStore) -> None:
    for name in model_store.manifest:
        model_store.path(name)
        assert model_store.verify(name).state == "verified"
