"""Ogg files of several streams one behind the other, as radio programs are recorded (RFC 3533, section 4).

FFmpeg follows such a chain only as long as the format stays the same. Where it changes, the file is read as
several ones.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

_PAGE = struct.Struct("<4sBBqIIIB")
"""Capture pattern, version, flags, granule position, serial number, sequence number, checksum, segments."""
_FIRST = 2
"""The flag of a stream's first page."""


class Stretch(io.RawIOBase):
    """Some of the bytes of a file, as a file of their own.

    Args:
        path: of the file.
        first: place of the first byte.
        last: place behind the last one.
    """

    def __init__(self, path: Path, first: int, last: int) -> None:
        self._file = path.open("rb")
        self._first, self._size = first, last - first
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read some."""
        self._file.seek(self._first + self._at)
        data = self._file.read(max(min(len(buffer), self._size - self._at), 0))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def links_of_one_format(path: Path) -> list[tuple[int, int]]:
    """The stretches of a file within which no format changes: places of the first byte and behind the last.

    One, of the whole file, if it is no Ogg file.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        links = list(_links(file))
    firsts = [next(same)[0] for _, same in groupby(links, key=lambda link: link[1])] or [0]
    return list(zip([0, *firsts[1:]], [*firsts[1:], size], strict=True))


def _links(file: BinaryIO) -> Iterator[tuple[int, list[bytes]]]:
    """Where each link of the chain begins, and what its streams are."""
    begun, formats, beginning = 0, list[bytes](), False
    for place, flags, first_packet in _pages(file):
        if flags & _FIRST:
            if not beginning:
                if formats:
                    yield begun, formats
                begun, formats, beginning = place, [], True
            formats.append(_format(first_packet))
        else:
            beginning = False
    if formats:
        yield begun, formats


def _pages(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """Place, flags and, of first pages, content of every page, up to where something else is."""
    place = 0
    while len(head := file.read(_PAGE.size)) == _PAGE.size:
        pattern, _, flags, _, _, _, _, segments = _PAGE.unpack(head)
        if pattern != b"OggS":
            return
        length = sum(file.read(segments))
        yield place, flags, file.read(length) if flags & _FIRST else b""
        place += _PAGE.size + segments + length
        file.seek(place)


def _format(header: bytes) -> bytes:
    """Codec, rate and channels, out of a stream's first packet."""
    if header.startswith(b"OpusHead"):
        return header[:10]
    if header.startswith(b"\x01vorbis"):
        return header[:16]
    if header.startswith(b"\x7fFLAC"):
        return header[:5] + header[27:30]
    return header
