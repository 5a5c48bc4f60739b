"""Fixtures for the tests of training."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live_sentiment.models.face_second_opinion import WIDTHS
from live_sentiment.training.tasks import face_teacher


@pytest.fixture
def teacher_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder like the one the second face network is published in, with weights made up here."""
    folder, rng = tmp_path / "teacher", np.random.default_rng(0)
    folder.mkdir()
    entries: list[dict[str, Any]] = []
    raw = b""

    def add(name: str, *shape: int) -> None:
        nonlocal raw
        entry: dict[str, Any] = {"name": name, "shape": shape, "dtype": "float32"}
        if "bias" in name:
            raw += rng.normal(0, 0.1, shape).astype(np.float32).tobytes()
        else:
            spread = (6 / np.prod(shape[:-1])) ** 0.5 if "depthwise" not in name else 0.8
            entry["quantization"] = {"dtype": "uint8", "scale": 2 * spread / 255, "min": -spread}
            raw += rng.integers(0, 256, shape).astype(np.uint8).tobytes()
        entries.append(entry)

    inputs = 3
    for block, outputs in enumerate(WIDTHS):
        for layer in range(4):
            name = f"dense{block}/conv{layer}"
            if block == layer == 0:
                add(f"{name}/filters", 3, 3, inputs, outputs)
            else:
                add(f"{name}/depthwise_filter", 3, 3, inputs, 1)
                add(f"{name}/pointwise_filter", 1, 1, inputs, outputs)
            add(f"{name}/bias", outputs)
            inputs = outputs
    add("fc/weights", inputs, 7)
    add("fc/bias", 7)
    manifest = [{"paths": ["weights.bin"], "weights": entries}]
    (folder / face_teacher.MANIFEST).write_text(json.dumps(manifest))
    (folder / "weights.bin").write_bytes(raw)
    monkeypatch.setattr(face_teacher, "SHA256", hashlib.sha256(raw).hexdigest())
    return folder
