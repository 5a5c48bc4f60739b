"""Memory that is freed goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PICTURES = """
import os
import numpy as np
from live_sentiment.runtime.allocator import give_back_memory
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before, kept, waiting = resident(), [], []
np.ones(6_000_000, np.uint8)
for _ in range(30):
    waiting.append(np.ones(6_000_000, np.uint8))
    kept.append(bytes(100_000))
waiting.clear()
give_back_memory()
print((resident() - before) / 1e6)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
def test_pictures_that_waited_take_no_memory_when_they_are_gone() -> None:
    """By itself glibc keeps 180 MB: a little that is in use lies behind each picture."""
    run = subprocess.run([sys.executable, "-c", PICTURES], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 40.0
