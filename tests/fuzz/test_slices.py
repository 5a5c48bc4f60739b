"""A short slice of every fuzzer, each a command of its own: `python -m tests.fuzz.NAME`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from live_sentiment.core.config import PerceptionConfig
from live_sentiment.models.store.store import ModelStore

SLICES = {"configs": 30}
"""How many cases of each fuzzer."""


@pytest.mark.models
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", SLICES)
def test_a_slice_finds_nothing(name: str, model_store: ModelStore) -> None:
    for model in model_store.needed(PerceptionConfig()):
        model_store.path(model)
    done = subprocess.run(
        [sys.executable, "-m", f"tests.fuzz.{name}", "--count", str(SLICES[name])],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
