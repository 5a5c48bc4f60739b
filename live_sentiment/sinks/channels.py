"""A point of the timeline as a row of named numbers, for protocols that know nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, TimelinePoint
from live_sentiment.sinks.fields import point_fields

PROBABILITY = "probability"
AFFECT = "-1..1"
SHARE = "0..1"


@dataclass(frozen=True, slots=True)
class NumberChannel:
    """One of the numbers."""

    label: str
    """Its path in a point's fields, with slashes."""
    unit: str


CHANNELS: tuple[NumberChannel, ...] = (
    NumberChannel("valence", AFFECT),
    NumberChannel("arousal", AFFECT),
    *(NumberChannel(f"polarity/{name}", PROBABILITY) for name in POLARITIES),
    *(NumberChannel(f"emotions/{name}", PROBABILITY) for name in EMOTIONS),
    NumberChannel("confidence/emotion", PROBABILITY),
    NumberChannel("confidence/polarity", PROBABILITY),
    NumberChannel("confidence/valence_sd", AFFECT),
    NumberChannel("confidence/arousal_sd", AFFECT),
    *(NumberChannel(f"shares/{modality}", SHARE) for modality in MODALITIES),
)


def channel_values(point: TimelinePoint) -> tuple[float | None, ...]:
    """The numbers in the order of CHANNELS, rounded as in the file; None where a modality is absent."""
    fields = point_fields(point)
    return tuple(_at(fields, channel.label) for channel in CHANNELS)


def _at(fields: dict[str, object], path: str) -> float | None:
    value: object = fields
    for step in path.split("/"):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value if isinstance(value, float) else None
