"""Opening a file so that everything from a moment on can be decoded cleanly."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from live_sentiment.sources.media.container import (
    audio_stream,
    frame_time,
    open_container,
    video_stream,
)
from live_sentiment.sources.media.skim import PREROLL_S
from live_sentiment.sources.media.track_choice import AS_STATED, TrackChoice

_SEEKABLE = {"mov", "matroska", "avi", "asf", "mxf", "nut", "wav", "w64", "flac"}
"""Formats with an index or a fixed rate, and one clock from the first to the last byte. In all others it is a
guess where in the file a time is, and times that start over make it a wrong one."""
_PREROLLS_S = (PREROLL_S, 10, 60)
"""How long before the wanted moment to aim, in turn."""
_LANDING_PACKETS = 2000
"""Packets to look at before a stream is taken to have nothing there."""


def open_before(
    path: Path, moment: Fraction, zero: Fraction, threads: int = 1, tracks: TrackChoice = AS_STATED
) -> Any:
    """The opened file, positioned so that decoding gives every frame from `moment` on, and some before.

    `moment` is counted from `zero`, which is in the container's own time; both in seconds.

    FFmpeg's seeking is a guess even with an index, so where it landed is looked at; if no guess is early
    enough, the file is read from its beginning. In formats without an index it always is: `Skim` leaves out
    what need not be decoded, so that coming to a moment costs the reading of what lies before it.

    Raises:
        UsageError: the file cannot be read.
    """
    container = open_container(path, threads, tracks)
    if not has_index(container):
        return container
    for preroll_s in _PREROLLS_S:
        target = moment - preroll_s
        if target <= 0:
            break
        try:
            _seek(container, target + zero)
            early_enough = _lands_before(container, moment + zero)
            _seek(container, target + zero)
        except (FFmpegError, IndexError):  # IndexError: as in packets.py
            break
        if early_enough:
            return container
    if moment > 0:
        container.close()
        container = open_container(path, threads, tracks)
    return container


def has_index(container: Any) -> bool:
    """Whether `open_before` goes to a moment, and does not leave it to the reader to come there."""
    return bool(_SEEKABLE & set(container.format.name.split(",")))


def _seek(container: Any, target: Fraction) -> None:
    container.seek(int(target * av.time_base), backward=True)


def _lands_before(container: Any, moment: Fraction) -> bool:
    """Whether every stream can be decoded from before `moment` on, pictures from a key frame."""
    streams = [stream for stream in (video_stream(container), audio_stream(container)) if stream is not None]
    unseen = {
        stream.index: stream
        for stream in streams
        if stream.start_time is None or stream.start_time * stream.time_base < moment
    }
    keyed = False
    for count, packet in enumerate(container.demux(*streams)):
        if not unseen or count > _LANDING_PACKETS:
            break
        if packet.stream_index not in unseen:
            continue
        if packet.stream.type == "video" and not keyed:
            keyed = packet.is_keyframe
            if not keyed:
                continue
        try:
            frame = next(iter(packet.decode()), None)
        except FFmpegError:
            continue
        if frame is None:
            continue
        time = frame_time(frame, unseen[packet.stream_index])
        if time is not None and time > moment:
            return False
        del unseen[packet.stream_index]
    return not unseen
