"""The point that the README shows is what the demo clip gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from live_sentiment import analyze
from live_sentiment.sinks.fields import point_fields

pytestmark = [pytest.mark.models, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    below = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if below is None:
        yield name, value
    else:
        for key, part in below:
            yield from leaves(part, f"{name}.{key}")


def test_the_example_is_a_point_of_the_demo(pulled: None) -> None:
    block = re.search(r"```json\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    shown = json.loads(block[1])
    points = analyze(ROOT / "recordings/demo.mp4")
    made = next(point_fields(point) for point in points if point.time_s == shown["time"])
    expected, got = (dict(leaves(json.loads(json.dumps(fields)))) for fields in (shown, made))
    assert list(got) == list(expected)
    # Processors round differently; weights trained anew differ by more.
    differing = {
        name: (value, got[name])
        for name, value in expected.items()
        if got[name] != (pytest.approx(value, abs=0.05, rel=0.01) if type(value) is float else value)
    }
    assert differing == {}
