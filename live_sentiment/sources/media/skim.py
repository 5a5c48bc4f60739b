"""Leaving out what no wanted frame needs, so that a part deep in a file is found without an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from live_sentiment.sources.media.packet import Packet

PREROLL_S = Fraction(1)
"""Decoders get so much before the first frame that is wanted: audio codecs need some sound to settle."""
_HELD_BYTES = 64 * 2**20
_KEY_FRAMES = 2
"""Decoding begins so many key frames back: with intra refresh the first one only begins to make the picture
whole, and it is whole at the next."""


class Skim:
    """Passes packets on from the last ones on with which decoding to `start` can begin.

    What may have to be decoded is held back until it is known; of that no more than 64 MiB.

    Args:
        start: session time of the first frame that is wanted.
    """

    def __init__(self, start: Fraction) -> None:
        self._from = start - PREROLL_S
        self._held: list[Packet] = []
        self._held_bytes = 0
        self._keys: list[int] = []  # where key frames are in what is held
        self._arrived = self._from <= 0

    def __call__(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """Take the next packets; gives those that are needed as far as it is known by now."""
        for packet in packets:
            if self._arrived:
                yield packet
            elif packet.stream.type == "video":
                yield from self._hold(packet)
            elif packet.time is None or packet.time >= self._from:
                yield packet

    def finish(self) -> Iterator[Packet]:
        """The file is over."""
        yield from self._held
        self._held = []

    def _hold(self, packet: Packet) -> Iterator[Packet]:
        if packet.time is not None and packet.time >= self._from:
            self._arrived = True
        elif packet.packet.is_keyframe:
            self._keys.append(len(self._held))
            if len(self._keys) > _KEY_FRAMES:
                self._drop(self._keys[-_KEY_FRAMES])
        self._held.append(packet)
        self._held_bytes += packet.packet.size
        if self._arrived or self._held_bytes > _HELD_BYTES:
            yield from self.finish()
            self._keys, self._held_bytes = [], 0

    def _drop(self, count: int) -> None:
        self._held_bytes -= sum(packet.packet.size for packet in self._held[:count])
        del self._held[:count]
        self._keys = [at - count for at in self._keys if at >= count]
