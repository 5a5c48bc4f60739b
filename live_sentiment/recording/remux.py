"""Gives a recording that was cut off its length and its index, without touching a picture or a sample."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.recording.matroska import MUXER_OPTIONS
from live_sentiment.recording.untrusted import check_regular, open_to_read
from live_sentiment.sinks.atomic import OWNER_ONLY, written_aside

_EBML, _SEGMENT = 0x1A45DFA3, 0x18538067
_ID_BYTES = 4


def is_closed(path: Path) -> bool:
    """Whether a Matroska file states its length and is as long as it states (RFC 8794, RFC 9559).

    Raises:
        UsageError: it cannot be read, or is something else; an empty file is one that was not closed.
    """
    try:
        with open_to_read(path, None) as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            header_bytes = _element(file, _EBML)
            if header_bytes is not None:
                file.seek(header_bytes, os.SEEK_CUR)
                segment_bytes = _element(file, _SEGMENT)
                return segment_bytes is not None and file.tell() + segment_bytes <= size
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    if size:
        raise UsageError(f"{path} is no Matroska file")
    return False


def _element(file: Any, wanted: int) -> int | None:
    """Size of the element that begins here; None where it is another one, or does not know its size yet."""
    if int.from_bytes(file.read(_ID_BYTES), "big") != wanted:
        return None
    first = file.read(1)
    if not first or not first[0]:
        return None
    length = 9 - first[0].bit_length()
    value_bits = 7 * length
    value = int.from_bytes(first + file.read(length - 1), "big") & ((1 << value_bits) - 1)
    return None if value == (1 << value_bits) - 1 else value


def close_recording(path: Path) -> float:
    """Write the file anew beside itself, packet by packet, and put it in its place once it is proven whole.

    Returns:
        Session time of the end of its last packet, in seconds.

    Raises:
        RunError: the disk is full, or what was written does not read back as the original does; the
            original stays.
    """
    try:
        with written_aside(path, mode=OWNER_ONLY) as aside:
            _remux(path, aside)
            before, after = contents(path), contents(aside)
            if before != after or not is_closed(aside):
                raise RunError(f"{path} was left as it is: its copy did not read back the same")
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
    except RunError:
        raise
    except Exception as error:  # what a library makes of damaged media can be anything
        raise RunError(f"cannot repair {path}, which is left as it is: {error}") from error
    return end_s(path)


def contents(path: Path) -> dict[int, str]:
    """A digest of each track: the timestamps and bytes of all its packets."""
    digests: dict[int, Any] = {}
    with _opened(path) as container:
        for packet in _packets(container):
            digest = digests.setdefault(packet.stream_index, hashlib.blake2b())
            digest.update(f"{packet.pts} {packet.size} ".encode())
            digest.update(bytes(packet))
    return {track: digest.hexdigest() for track, digest in digests.items()}


def holds_anything(path: Path) -> bool:
    """Whether there is a picture or a sound in it; a process may be killed before the first is written."""
    try:
        with _opened(path) as container:
            return next(_packets(container), None) is not None
    except (OSError, FFmpegError):
        return False


def end_s(path: Path) -> float:
    """When its last packet ends, in seconds of its own time.

    Raises:
        RunError: it cannot be read.
    """
    try:
        with _opened(path) as container:
            ends = (
                (packet.pts + (packet.duration or 0)) * packet.time_base for packet in _packets(container)
            )
            return float(max(ends, default=0))
    except (OSError, FFmpegError) as error:
        raise RunError(f"cannot read {path}: {error}") from error


def _opened(path: Path) -> Any:
    """Matroska and nothing else: a list of other files under this name is not gone after.

    Raises:
        UsageError: it is no regular file.
    """
    check_regular(path)
    return av.open(str(path), format="matroska", metadata_errors="ignore")


def _remux(path: Path, aside: Path) -> None:
    with (
        _opened(path) as source,
        av.open(str(aside), "w", format="matroska", options=MUXER_OPTIONS) as copy,
    ):
        streams = {stream.index: copy.add_stream_from_template(stream) for stream in source.streams}
        for packet in _packets(source):
            packet.stream = streams[packet.stream_index]
            copy.mux_one(packet)


def _packets(container: Any) -> Iterator[Any]:
    """Packets up to the end, or to where the file breaks off."""
    try:
        for packet in container.demux():
            if packet.size and packet.pts is not None:
                yield packet
    except FFmpegError:
        return
