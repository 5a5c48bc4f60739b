"""The packets of a file's picture and sound, from the first one needed on, with times to rely on."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.error import FFmpegError
from av.format import Flags

from live_sentiment.sources.media.blocks import TOLERANCE_S
from live_sentiment.sources.media.claims import Claim, Settled
from live_sentiment.sources.media.container import MediaInfo, states_its_length
from live_sentiment.sources.media.packet import Packet
from live_sentiment.sources.media.seeking import has_index
from live_sentiment.sources.media.skim import Skim
from live_sentiment.sources.media.timestamps import RESTART_S, TimestampRepair

BROKEN_READS = 100
"""Failed reads in a row after which a file counts as broken off."""


class PacketReader:
    """Reads an open container from where it stands.

    Args:
        container: open, before the first packet that is needed.
        streams: those that are read.
        info: of the file.
        start: session time of the first frame that is wanted.
    """

    def __init__(
        self,
        container: Any,
        streams: list[Any],
        info: MediaInfo,
        start: Fraction,
    ) -> None:
        self._container, self._streams, self._zero = container, streams, info.start
        length = Fraction(info.duration_s or 0) + max(info.start, Fraction(0))
        self._repair = TimestampRepair(
            {stream.index: TOLERANCE_S if stream.type == "audio" else RESTART_S for stream in streams},
            length=length if states_its_length(info) else None,
            clock_may_change=bool(container.format.flags & Flags.ts_discont.value),
        )
        self._skim = Skim(Fraction(0) if has_index(container) else start)
        self.broken = False
        """Whether the file could not be read to its end."""

    def __iter__(self) -> Iterator[Packet]:
        """Packets in the order of the file, then the end of each stream."""
        for packet in self._demuxed():
            yield from self._skim(map(self._mended, self._repair.add(self._claim(packet))))
        yield from self._skim(map(self._mended, self._repair.finish()))
        yield from self._skim.finish()
        for stream in self._streams:
            yield Packet(stream, None)

    def _demuxed(self) -> Iterator[Any]:
        """Reading goes on behind damage where it can."""
        failures = 0
        while failures < BROKEN_READS:
            try:
                for packet in self._container.demux(*self._streams):
                    failures = 0
                    if packet.size:
                        yield packet
                return
            except (FFmpegError, IndexError):
                # IndexError: a packet of a stream that appeared only here, which PyAV does not know.
                failures += 1
        self.broken = True

    def _claim(self, packet: Any) -> Claim:
        base = packet.time_base
        return Claim(
            packet.stream_index,
            None if packet.dts is None else packet.dts * base - self._zero,
            None if packet.pts is None else packet.pts * base - self._zero,
            max(packet.duration or 0, 0) * base,
            packet,
            packet.size,
        )

    def _mended(self, settled: Settled) -> Packet:
        claim, packet = settled.claim, settled.claim.payload
        if settled.dts != claim.dts or settled.pts != claim.pts:
            packet.dts = self._ticks(settled.dts, packet)
            packet.pts = self._ticks(settled.pts, packet)
        time = settled.dts if settled.pts is None else settled.pts
        return Packet(packet.stream, packet, time, settled.restarted, settled.false)

    def _ticks(self, time: Fraction | None, packet: Any) -> int | None:
        return None if time is None else round((time + self._zero) / packet.time_base)
