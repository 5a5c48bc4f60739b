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

from live_sentiment.sources.container import MediaInfo, audio_stream, frame_time, probe, video_stream
from live_sentiment.sources.pictures import PictureConverter
from live_sentiment.sources.seeking import open_before
from live_sentiment.sources.timestamps import RestartCorrection
from live_sentiment.sources.track_choice import AS_STATED, TrackChoice
from live_sentiment.types import ImageArray

_FAILED_READS = 100
"""Failed reads in a row after which a file counts as broken off."""
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
    """As demuxed; its timestamps are those of the file."""
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
        restarts = RestartCorrection()
        period = _UNKNOWN_PERIOD
        if self._video is not None and self._video.average_rate:
            period = 1 / Fraction(self._video.average_rate)
        last: Fraction | None = None
        for stream, packet in self._packets():
            shift = Fraction(0)
            if packet is not None and packet.dts is not None:
                base = stream.time_base
                duration = (packet.duration or 0) * base
                shift = restarts.shift(stream.index, packet.dts * base - self._zero, duration)
            if self.sound is not None and stream is self.sound:
                if packet is not None and packet.pts is not None:
                    yield from self._heard(packet, packet.pts * self.sound.time_base + shift - self._zero)
                continue
            if packet is not None and shift:
                _move(packet, shift)
            for frame in _decoded(stream, packet):
                stated = frame_time(frame, stream)
                due = Fraction(0) if last is None else last + period
                time = due if stated is None else stated - self._zero
                if frame.pts is None:
                    time = max(time, due)
                if last is not None and time <= last:
                    continue
                last = time
                if self._end is not None and time >= self._end:
                    return
                if convert is not None and time >= self._start:
                    yield Shot(convert(frame), time)

    def _heard(self, packet: Any, time: Fraction) -> Iterator[SoundPacket]:
        ends = time + (packet.duration or 0) * packet.time_base
        if (ends > self._start or self._start == 0) and (self._end is None or time < self._end):
            yield SoundPacket(packet, time)

    def _packets(self) -> Iterator[tuple[Any, Any]]:
        """Packets of both streams, None at the end of each; reading goes on behind damage where it can."""
        streams = [stream for stream in (self._video, self.sound) if stream is not None]
        failures = 0
        while failures < _FAILED_READS:
            try:
                for packet in self._container.demux(*streams):
                    failures = 0
                    yield packet.stream, packet if packet.size else None
                return
            except FFmpegError:
                failures += 1


def _move(packet: Any, shift: Fraction) -> None:
    ticks = round(shift / packet.time_base)
    packet.dts += ticks
    if packet.pts is not None:
        packet.pts += ticks


def _decoded(stream: Any, packet: Any) -> list[Any]:
    try:
        return [frame for frame in stream.decode(packet) if not frame.is_corrupt]
    except FFmpegError:
        return []
