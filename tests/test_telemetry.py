"""No library reports to its makers what is analysed on this machine, or that anything is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RUNTIME = """
import live_sentiment
from live_sentiment.models.compute import onnx_options
from live_sentiment.core.config import ComputeConfig, VoiceConfig
from live_sentiment.models.voice_activity import VoiceActivity
VoiceActivity(onnx_options(ComputeConfig()))
"""


def test_onnx_runtime_neither_reports_nor_marks_the_machine(tmp_path: Path) -> None:
    """It keeps an identifier of the machine and the events to be sent below the user's cache folder."""
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    subprocess.run([sys.executable, "-c", RUNTIME], env=environment, check=True)
    assert not list(tmp_path.rglob("*onnxruntime*"))
