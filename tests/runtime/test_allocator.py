"""Memory that is freed goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

PICTURES = """
import os
import numpy as np
from live_sentiment.runtime.allocator import give_back_large_blocks, give_back_memory
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
{first}
before, kept, waiting = resident(), [], []
np.ones({size}, np.uint8)
for _ in range(30):
    waiting.append(np.ones({size}, np.uint8))
    kept.append(bytes(100_000))
waiting.clear()
{last}
print((resident() - before) / 1e6)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator of glibc")
@pytest.mark.parametrize(
    ("first", "size", "last"),
    [("", 6_000_000, "give_back_memory()"), ("give_back_large_blocks()", 11_000_000, "")],
)
def test_pictures_that_waited_take_no_memory_when_they_are_gone(first: str, size: int, last: str) -> None:
    """By itself glibc keeps them all: a little that is in use lies behind each picture."""
    code = PICTURES.format(first=first, size=size, last=last)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 40.0
