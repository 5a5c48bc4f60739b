"""The points as columns of integers, so that hours of them fit into a page and nothing is rounded."""

from __future__ import annotations

import base64
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES
from live_sentiment.sinks.fields import VALUE_DECIMALS
from live_sentiment.sinks.lines import Fields

PER_UNIT = 10**VALUE_DECIMALS
"""Probabilities, valence and arousal are whole multiples of 1 / PER_UNIT in the timeline already."""
ABSENT = -(2**15)
"""In place of a value that is not there."""


def packed(points: Iterable[Fields]) -> dict[str, Any]:
    """The columns in base64, little-endian.

    `time`: uint32, milliseconds. `leading`: uint8, the index of the leading emotion in EMOTIONS. `values`: by
    name, int16 in units of 1 / PER_UNIT, ABSENT where a modality is.
    """
    times, leading = array("I"), array("B")
    values: defaultdict[str, array[int]] = defaultdict(lambda: array("h"))
    for point in points:
        times.append(round(point["time"] * 1000))
        leading.append(EMOTIONS.index(point["emotion"]))
        for name, value in _values(point):
            values[name].append(ABSENT if value is None else round(value * PER_UNIT))
    return {
        "time": _base64(times),
        "leading": _base64(leading),
        "values": {name: _base64(column) for name, column in values.items()},
    }


def _values(point: Fields) -> Iterator[tuple[str, float | None]]:
    for name in ("valence", "arousal"):
        yield name, point[name]
        yield f"{name}_sd", point["confidence"][f"{name}_sd"]
    for emotion in EMOTIONS:
        yield emotion, point["emotions"][emotion]
    for polarity in POLARITIES:
        yield f"polarity_{polarity}", point["polarity"][polarity]
    for modality in MODALITIES:
        yield f"share_{modality}", point["shares"].get(modality)
        yield f"effect_{modality}", point["effects"].get(modality)


def _base64(column: array[int]) -> str:
    if sys.byteorder == "big":
        column.byteswap()
    return base64.b64encode(column.tobytes()).decode("ascii")
