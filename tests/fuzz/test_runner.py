"""The fuzzers' runner finds what it is there to find."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_FUZZER = """
import os, sys, time
from tests.fuzz import runner
runner.MEMORY_BYTES, runner.DANGEROUS_BYTES = 200_000_000, 10**12
def raises(folder): raise RuntimeError("a bug of ours")
def hangs(folder): time.sleep(900)
def crashes(folder): os.abort()
def eats(folder): global eaten; eaten = b"x" * 300_000_000; return ["--version"]
def silent(folder): os._exit(2)
def odd(folder): os._exit(77)
def fine(folder): (folder / "made").write_text("x"); return ["--version"]
def refused(folder): return ["replay", str(folder / "nothing.mp4")]
def cases(seed, count):
    made = [runner.Case(f.__name__, f) for f in (raises, hangs, crashes, eats, silent, odd, fine, refused)]
    made.append(runner.Case("checked", fine, lambda done: None if "1.2.3" in done.out else "no 1.2.3"))
    return made
sys.exit(runner.main(cases, count=9, preload=["live_sentiment.console.main"]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="cases are forks of one process")
def test_each_bad_end_is_found_and_good_ones_are_not() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FUZZER, "--limit", "8"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    lines = [line.split("'") for line in done.stdout.splitlines() if line.count("': ") == 1]
    found = {name: fault.removeprefix(": ") for _, name, fault in lines}
    assert found.pop("eats").startswith("memory: ")
    assert found == {
        "raises": "traceback",
        "hangs": "hang",
        "crashes": "crash: SIGABRT",
        "silent": "exit code 2 without a word",
        "odd": "exit code 77",
        "checked": "no 1.2.3",
    }
    assert "1 done, 7 ended badly, 1 refused, 2" in done.stdout
