"""`.ci/run` with stand-ins for the programs that it calls: which it calls, and that no failure passes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

STAND_IN = """\
#!/bin/sh
call="${0##*/} $*"
echo "$call" >>"$CALLS"
case "$call" in
    "python3 -m venv "*) mkdir -p "$3/bin" && : >"$3/bin/activate"
        for name in pip python live-sentiment; do cp "$0" "$3/bin/$name"; done ;;
    "pip freeze"*) cat "$FROZEN" ;;
esac
case "$call" in $FAILING) exit 3 ;; esac
"""
"""Notes how it was called, makes what a virtual environment must hold, and fails where it is told to."""

PROGRAMS = ("apt-get", "sudo", "python3", "pip", "pytest", "ruff", "mypy", "live-sentiment")

STEPS = (
    "pip install .",
    "python -c import live_sentiment, torch, torchaudio*",
    "live-sentiment replay *",
    "pip install -c constraints.txt .",
    "pip install -c constraints.txt -e .*",
    "pytest*",
    "ruff check*",
    "ruff format*",
    "mypy*",
)


def run_script(name: str, place: Path, *, failing: str = "", frozen: str = "") -> tuple[int, list[str]]:
    """Run a script of .ci in a copy; its exit code, and the calls that it made."""
    repository, programs = place / "repository", place / "programs"
    shutil.copytree(ROOT / ".ci", repository / ".ci")
    programs.mkdir()
    (place / "tmp").mkdir()
    (place / "frozen").write_text(frozen, encoding="utf-8")
    for program in PROGRAMS:
        (programs / program).write_text(STAND_IN, encoding="utf-8")
        (programs / program).chmod(0o755)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "CALLS": str(place / "calls"),
        "FAILING": failing,
        "FROZEN": str(place / "frozen"),
        "TMPDIR": str(place / "tmp"),
    }
    script = ["bash", repository / ".ci" / name]
    done = subprocess.run(script, env=environment, capture_output=True, check=False, timeout=60)
    return done.returncode, (place / "calls").read_text(encoding="utf-8").splitlines()


def test_ci_takes_every_step_and_leaves_no_environment_behind(tmp_path: Path) -> None:
    code, calls = run_script("run", tmp_path)
    assert code == 0
    for step in STEPS:
        assert any(call.startswith(step.rstrip("*")) for call in calls), step
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("step", STEPS)
def test_ci_fails_with_any_step(step: str, tmp_path: Path) -> None:
    code, _ = run_script("run", tmp_path, failing=step)
    assert code != 0


def test_renewed_constraints_hold_releases_and_nothing_of_this_machine(tmp_path: Path) -> None:
    code, calls = run_script("renew-constraints", tmp_path, frozen="numpy==2.4.6\ntorch==2.14.1\n")
    assert code == 0
    assert "pip install .[dev]" in calls
    written = (tmp_path / "repository" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in written if not line.startswith("#")] == ["numpy==2.4.6", "torch==2.14.1"]


@pytest.mark.parametrize("line", ["torch==2.13.0+cpu", "-e /home/me/it", "it @ file:///home/me/it.whl"])
def test_constraints_of_one_machine_alone_are_not_written(line: str, tmp_path: Path) -> None:
    code, _ = run_script("renew-constraints", tmp_path, frozen=f"numpy==2.4.6\n{line}\n")
    assert code == 1
    assert not (tmp_path / "repository" / "constraints.txt").exists()
