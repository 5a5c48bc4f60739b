"""A short slice of the damaged media, run as anybody runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the runner forks")


@pytest.mark.models
@pytest.mark.timeout(600)
def test_a_slice_of_the_damaged_media_is_read_without_a_traceback_or_a_hang() -> None:
    command = [sys.executable, "-m", "tests.fuzz.media", "--count", "68", "--seed", "7", "--seconds", "300"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
