"""Every example of docs/python.md runs as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.media_factory import beeps, flashes, write_media
from tests.helpers.pool import scripted_pool

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(autouse=True)
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clip that the examples speak of; the models are by rule."""
    write_media(tmp_path / "clip.mp4", pictures=flashes(3.0, flash_s=1.0), sound=beeps(3.0, beep_s=1.0))
    monkeypatch.chdir(tmp_path)

    for _ in scripted_pool(monkeypatch):
        yield


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("\n")[2][:40])
def test_the_example_runs(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example, str(PAGE), "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr()
    assert printed.out or "assert" in example
    assert printed.err == ""


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5
