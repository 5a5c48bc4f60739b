"""The points as columns of integers, so that hours of them fit into a page and nothing is rounded."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from live_sentiment.report.facts import Fields
from live_sentiment.sinks.fields import VALUE_DECIMALS
from live_sentiment.types import EMOTIONS, MODALITIES, POLARITIES

PER_UNIT = 10**VALUE_DECIMALS
"""Probabilities, valence and arousal are whole multiples of 1 / PER_UNIT in the timeline already."""
ABSENT = -(2**15)
"""In place of a value that is not there."""


def packed(points: Sequence[Fields]) -> dict[str, Any]:
    """The columns in base64, little-endian.

    `time`: uint32, milliseconds. `leading`: uint8, the index of the leading emotion in EMOTIONS. `values`: by
    name, int16 in units of 1 / PER_UNIT, ABSENT where a modality is.
    """
    return {
        "time": _base64([round(point["time"] * 1000) for point in points], "<u4"),
        "leading": _base64([EMOTIONS.index(point["emotion"]) for point in points], "<u1"),
        "values": {name: _base64(column, "<i2") for name, column in _columns(points)},
    }


def _columns(points: Sequence[Fields]) -> Iterator[tuple[str, list[int]]]:
    for name in ("valence", "arousal"):
        yield name, [_whole(point[name]) for point in points]
        yield f"{name}_sd", [_whole(point["confidence"][f"{name}_sd"]) for point in points]
    for emotion in EMOTIONS:
        yield emotion, [_whole(point["emotions"][emotion]) for point in points]
    for polarity in POLARITIES:
        yield f"polarity_{polarity}", [_whole(point["polarity"][polarity]) for point in points]
    for modality in MODALITIES:
        yield f"share_{modality}", [_whole(point["shares"].get(modality)) for point in points]
        yield f"effect_{modality}", [_whole(point["effects"].get(modality)) for point in points]


def _whole(value: float | None) -> int:
    return ABSENT if value is None else round(value * PER_UNIT)


def _base64(column: list[int], dtype: str) -> str:
    return base64.b64encode(np.array(column, dtype=dtype).tobytes()).decode("ascii")
