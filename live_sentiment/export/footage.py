"""The media of a session in one pass: upright pictures at exact session times, and the sound in packets.

Analysis takes sound as blocks of 16 kHz; here it is handed on as it lies in the file, to be copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from av.error import FFmpegError

from live_sentiment.core.types import ImageArray
from live_sentiment.sources.media.container import MediaInfo, audio_stream, frame_time, probe, video_stream
from live_sentiment.sources.media.frame_times import FrameTimes, TimedFrame
from live_sentiment.sources.media.packet import Packet
from live_sentiment.sources.media.packets import PacketReader
from live_sentiment.sources.media.pictures import PictureConverter
from live_sentiment.sources.media.seeking import open_before
from live_sentiment.sources.media.track_choice import AS_STATED, TrackChoice

_UNKNOWN_PERIOD = Fraction(1, 25)


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture."""

    image: ImageArray
    """Shape (height, width, 3), uint8, BGR, as shown."""
    time: Fraction
    """Session time at which it is shown."""


@dataclass(frozen=True, slots=True)
class SoundPacket:
    """A packet of the sound track."""

    packet: Any
    """As demuxed; false timestamps in it are mended."""
    time: Fraction
    """Session time at which it begins."""


Piece: TypeAlias = Shot | SoundPacket


class Footage:
    """Reads one file once; a context manager.

    Args:
        path: anything that FFmpeg decodes.
        start: session time of the first picture that is given.
        end: session time from which on nothing is given; None is the end of the file.
        recording: it was made by a live session and states session times.
        threads: threads of the video decoder.
        tracks: which of them are read.

    Raises:
        UsageError: the file cannot be read.
    """

    def __init__(
        self,
        path: Path,
        *,
        start: Fraction = Fraction(0),
        end: Fraction | None = None,
        recording: bool = False,
        threads: int = 1,
        tracks: TrackChoice = AS_STATED,
    ) -> None:
        self.info: MediaInfo = probe(path, recording=recording, tracks=tracks)
        self._zero = self.info.start
        self._start, self._end = start, end
        self._container = open_before(path, start, self._zero, threads, tracks)
        self._video, self.sound = video_stream(self._container), audio_stream(self._container)
        """`sound` is the stream of the sound, None where there is none."""
        self._streams = [stream for stream in (self._video, self.sound) if stream is not None]
        period = _UNKNOWN_PERIOD
        if self._video is not None and self._video.average_rate:
            period = 1 / Fraction(self._video.average_rate)
        self._times = FrameTimes(period)

    def __enter__(self) -> Footage:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    @property
    def tick(self) -> Fraction:
        """The unit of time, in seconds, of which every picture's time since `start` is a whole multiple.

        Never less than a microsecond.
        """
        base = 1000 if self._video is None else Fraction(self._video.time_base).denominator
        zero = self._zero + self._start
        return Fraction(1, min(math.lcm(base, zero.denominator), 1_000_000))

    def pieces(self) -> Iterator[Piece]:
        """Pictures and sound in the order of the file, up to its end or to where it breaks off."""
        convert = None if self._video is None else PictureConverter(self._video)
        for packet in PacketReader(self._container, self._streams, self.info, self._start):
            if packet.stream is self.sound:
                if packet.packet is not None and packet.packet.pts is not None and packet.time is not None:
                    yield from self._heard(packet.packet, packet.time)
                continue
            for timed in self._timed(packet):
                if self._end is not None and timed.time >= self._end:
                    return
                if convert is not None and timed.time >= self._start:
                    yield Shot(convert(timed.frame), timed.time)

    def _timed(self, packet: Packet) -> Iterator[TimedFrame]:
        for frame in _decoded(packet):
            stated = frame_time(frame, packet.stream)
            session_time = None if stated is None else stated - self._zero
            yield from self._times.add(frame, session_time, exact=frame.pts is not None)
        if packet.packet is None:
            yield from self._times.finish()

    def _heard(self, packet: Any, time: Fraction) -> Iterator[SoundPacket]:
        ends = time + (packet.duration or 0) * packet.time_base
        if (ends > self._start or self._start == 0) and (self._end is None or time < self._end):
            yield SoundPacket(packet, time)


def _decoded(packet: Packet) -> list[Any]:
    try:
        return [frame for frame in packet.stream.decode(packet.packet) if not frame.is_corrupt]
    except FFmpegError:
        return []
