"""The README's commands are the ones that CI runs; where it points at is tested in test_docs.py."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from live_sentiment.console.main import build_parser

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines() if line]


def test_ci_installs_and_tests_as_the_readme_says() -> None:
    ci = [line.strip() for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()]
    installing = [line for line in commands() if line.startswith("pip install")]
    assert len(installing) == 2
    assert "pytest" in installing[1]
    assert [line for line in ci if line.startswith("pip install")] == installing


@pytest.mark.parametrize("line", [line for line in commands() if line.startswith("live-sentiment")])
def test_every_command_of_the_readme_is_one(line: str) -> None:
    build_parser().parse_args(shlex.split(line)[1:])


def test_nothing_is_left_to_fill_in() -> None:
    assert "TODO" not in README
