"""Zero of session time where the first timestamp of a stream may be false."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from av.error import FFmpegError

from live_sentiment.sources.media.claims import first_time

_APART_S = Fraction(1)
"""Streams begin closer together than this where nothing is wrong."""
_LOOKED_AT = 3
_PACKETS = 400


def suspicious(streams: list[Any]) -> bool:
    """Whether a stream's first timestamp stands alone, so that the next ones must tell if it is true."""
    starts = [stream.start_time * stream.time_base for stream in streams if stream.start_time is not None]
    return len(starts) < 2 or max(starts) - min(starts) > _APART_S


def credible_start(container: Any, streams: list[Any], stated: Fraction) -> Fraction:
    """The earliest time of these streams: `stated`, if the packets behind the first of each agree with it.

    Reads the first packets of the open container.
    """
    times: dict[int, list[Fraction]] = {stream.index: [] for stream in streams}
    try:
        for count, packet in enumerate(container.demux(*streams)):
            seen = times[packet.stream_index]
            ticks = packet.dts if packet.pts is None else packet.pts
            if ticks is not None and len(seen) < _LOOKED_AT:
                seen.append(ticks * packet.time_base)
            if count > _PACKETS or all(len(seen) == _LOOKED_AT for seen in times.values()):
                break
    except (FFmpegError, IndexError):  # IndexError: as in packets.py
        return stated
    starts = []
    for index, seen in times.items():
        others = [time for other, there in times.items() if other != index for time in there]
        starts += [(seen[0], first_time(seen, others))] if seen else []
    if all(first == credible for first, credible in starts):
        return stated
    return min(credible for _, credible in starts)
