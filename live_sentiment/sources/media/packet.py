"""One packet of a file, as it is passed from the reader to the decoders."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet to be decoded, or the end of its stream."""

    stream: Any
    packet: Any
    """With mended timestamps; None at the end of the stream."""
    time: Fraction | None = None
    """Session time at which it is decoded; None where unknown."""
    restarted: bool = False
    """Whether another clock begins in the file here."""
    false: bool = False
    """Whether a timestamp of it was not believed."""
