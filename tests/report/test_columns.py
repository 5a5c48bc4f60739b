"""What is packed is what the timeline says, to the last decimal."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS
from live_sentiment.report.columns import ABSENT, PER_UNIT, packed

Line = dict[str, Any]


def unpacked(text: str, dtype: str) -> list[int]:
    return list(np.frombuffer(base64.b64decode(text), dtype).tolist())


def test_columns_hold_the_timelines_own_numbers(lines: list[Line]) -> None:
    points = [line for line in lines if line["type"] == "point"]
    columns = packed(points)
    assert [ms / 1000 for ms in unpacked(columns["time"], "<u4")] == [point["time"] for point in points]
    leading = [EMOTIONS[index] for index in unpacked(columns["leading"], "<u1")]
    assert leading == [point["emotion"] for point in points]
    for name, of in {
        "valence": lambda point: point["valence"],
        "arousal_sd": lambda point: point["confidence"]["arousal_sd"],
        "joy": lambda point: point["emotions"]["joy"],
        "polarity_positive": lambda point: point["polarity"]["positive"],
        "effect_text": lambda point: point["effects"]["text"],
    }.items():
        values = [value / PER_UNIT for value in unpacked(columns["values"][name], "<i2")]
        assert values == pytest.approx([of(point) for point in points], abs=1e-9), name


def test_absent_is_not_zero(lines: list[Line]) -> None:
    points = [line for line in lines if line["type"] == "point"]
    shares = unpacked(packed(points)["values"]["share_vision"], "<i2")
    away = [value == ABSENT for value in shares]
    assert away == [not point["presence"]["vision"]["present"] for point in points]
    assert any(away)
