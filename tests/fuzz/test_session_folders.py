"""A short slice of the damaged session folders, run as anybody runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the runner forks")


def test_a_slice_of_them_ends_well() -> None:
    command = [sys.executable, "-m", "tests.fuzz.session_folders", "--count", "32", "--seed", "7"]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
