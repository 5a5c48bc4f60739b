"""A few seconds of a file, at the same places each time, to judge it by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from av import time_base
from av.error import FFmpegError

from live_sentiment.sources.media.container import start_time

PLACES = (0.1, 0.45, 0.8)
"""Where in the file, as parts of its length ..."""
LISTEN_S = 5.0
"""... and for how long. A file that is no longer than all of it together is heard from its beginning."""
_MOST_PACKETS = 4000


def listening_places(container: Any, span_s: tuple[float, float | None]) -> Iterator[Fraction]:
    """Where to begin, in the container's own time, in a part of the file that is given in session time."""
    start = start_time(container)
    length_s = (container.duration or 0) / time_base
    first, last = span_s[0], length_s if span_s[1] is None else min(length_s, span_s[1])
    if last - first <= LISTEN_S * len(PLACES):
        yield start + Fraction(first)
        return
    for part in PLACES:
        yield start + Fraction(first + part * (last - first))


def decoded(container: Any, tracks: Sequence[Any], place: Fraction) -> Iterator[tuple[Any, Any]]:
    """Tracks with their frames from a place on, for a bounded while."""
    try:
        container.seek(int(place * time_base), backward=True)
    except FFmpegError:
        return
    packets = container.demux(*tracks)
    for _ in range(_MOST_PACKETS):
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode() if packet.size else []
        except FFmpegError:
            continue
        for frame in frames:
            yield packet.stream, frame


def listen_each_s(places: Sequence[Fraction]) -> float:
    """How long to listen at each of these places."""
    return LISTEN_S * len(PLACES) / len(places)
