"""One pass over an open container, from packets to frames, blocks and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from av.error import FFmpegError

from live_sentiment.sources.blocks import BlockAssembler
from live_sentiment.sources.container import MediaInfo, audio_stream, frame_time, video_stream
from live_sentiment.sources.mixdown import Mixdown
from live_sentiment.sources.pictures import PictureConverter
from live_sentiment.sources.sound import planes
from live_sentiment.sources.spoilt_samples import SpoiltSamples
from live_sentiment.sources.timestamps import RestartCorrection
from live_sentiment.streams.frame_grid import FrameGrid
from live_sentiment.types import AudioBlock, Event, VideoFrame

MediaItem: TypeAlias = VideoFrame | AudioBlock | Event

BROKEN_READS = 100
"""Failed reads in a row after which a file counts as broken off."""
_SHORTFALL_S = Fraction(1, 2)
"""A file that ends earlier than it says by more than this was cut off."""
_STATES_ITS_LENGTH = {"mov", "matroska", "avi", "wav", "flac"}
"""Formats whose header states the length; elsewhere FFmpeg estimates it."""
_UNKNOWN_PERIOD_S = Fraction(1, 25)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of a file is wanted."""

    start: Fraction = Fraction(0)
    """Session time of the first moment."""
    end: Fraction | None = None
    """Session time just after the last one; None is the end of the file."""
    frame_rate_hz: float | None = None
    """Most frames per second; None is all."""
    zero: Fraction = Fraction(0)
    """Zero of session time, in the container's own time."""
    longest_px: int | None = None
    """Larger pictures are scaled down to this longer side; None leaves them as they are."""
    channel: int | None = None
    """The only channel of the sound to be heard, counted from 1; None mixes them all."""
    full_scale: float = 1.0
    """What stands for 1 in the samples of the sound."""


class Reading:
    """Decodes the container from where it stands; `counts` is kept as it goes."""

    def __init__(
        self,
        container: Any,
        info: MediaInfo,
        selection: Selection,
        counts: Counter[str],
    ) -> None:
        self._container, self._info, self._counts = container, info, counts
        self._start, self._end = selection.start, selection.end
        self._zero = selection.zero
        self._video, self._audio = video_stream(container), audio_stream(container)
        self._grid = FrameGrid(selection.frame_rate_hz) if selection.frame_rate_hz else None
        self._convert = None if self._video is None else PictureConverter(self._video, selection.longest_px)
        self._spoilt = SpoiltSamples()
        self._mix = Mixdown(selection.channel)
        self._full_scale = np.float32(selection.full_scale)
        self._blocks = BlockAssembler(selection.start, selection.end)
        self._restarts = RestartCorrection()
        self._last_frame: Fraction | None = None
        self._period = _UNKNOWN_PERIOD_S
        self._broken = False
        if self._video is not None and self._video.average_rate:
            self._period = 1 / Fraction(self._video.average_rate)

    def items(self) -> Iterator[MediaItem]:
        """Everything up to the end, or to where the file breaks off."""
        for stream, packet in self._packets():
            yield from self._mend_timestamps(stream, packet)
            yield from self._decode(stream, packet)
            if self._past_end():
                break
        yield from self._blocks.finish()
        if self._counts["corrupt"] > 1:
            count = self._counts["corrupt"]
            yield Event(self._reached(), "corrupt", f"{count} damaged pieces of the file were passed over")
        if self._spoilt.count > 1:
            message = f"{self._spoilt.count} samples of the sound were spoilt and filled in"
            yield Event(self._reached(), "spoilt-sound", message)
        if self._cut_off():
            yield Event(
                self._reached(),
                "truncated",
                f"the file breaks off at {self._reached():.1f} s{self._of_how_much()}; the result ends there",
            )

    def _packets(self) -> Iterator[tuple[Any, Any]]:
        """Packets of both streams, None at the end of each; reading goes on behind damage where it can."""
        streams = [stream for stream in (self._video, self._audio) if stream is not None]
        failures = 0
        while failures < BROKEN_READS:
            try:
                for packet in self._container.demux(*streams):
                    failures = 0
                    yield packet.stream, packet if packet.size else None
                return
            except FFmpegError:
                failures += 1
        self._broken = True
        for stream in streams:
            yield stream, None

    def _mend_timestamps(self, stream: Any, packet: Any) -> Iterator[Event]:
        if packet is None or packet.dts is None:
            return
        base, before = stream.time_base, self._restarts.restarts
        duration = (packet.duration or 0) * base
        shift = self._restarts.shift(stream.index, packet.dts * base - self._zero, duration)
        if shift:
            packet.dts += round(shift / base)
            if packet.pts is not None:
                packet.pts += round(shift / base)
        if self._restarts.restarts > before:
            at = float(packet.dts * base - self._zero)
            yield Event(at, "restarted", "timestamps start over in the file; the parts were joined")

    def _decode(self, stream: Any, packet: Any) -> Iterator[MediaItem]:
        try:
            frames = self._stream_frames(stream, packet)
        except FFmpegError:
            yield from self._damage(self._session_time(packet, stream))
            return
        for frame in frames:
            stated = self._session_time(frame, stream)
            if frame.is_corrupt:
                yield from self._damage(stated)
            elif stream is self._audio:
                yield from self._sound(frame, stated)
            else:
                yield from self._picture(frame, stated)

    @staticmethod
    def _stream_frames(stream: Any, packet: Any) -> list[Any]:
        return list(stream.decode(packet))

    def _sound(self, frame: Any, stated: Fraction | None) -> Iterator[AudioBlock | Event]:
        samples, names = planes(frame)
        if self._full_scale != 1:
            samples = samples / self._full_scale
        before = self._spoilt.count
        mended = self._spoilt(samples)
        if self._spoilt.count > before == 0:
            at_s = self._reached() if stated is None else float(stated)
            message = "samples that are no numbers or far too loud were filled in"
            yield Event(at_s, "spoilt-sound", message)
        mixed = self._mix.mix(mended, names, frame.sample_rate)
        yield from self._blocks.add(mixed, frame.sample_rate, stated)

    def _picture(self, frame: Any, stated: Fraction | None) -> Iterator[VideoFrame]:
        after_last = Fraction(0) if self._last_frame is None else self._last_frame + self._period
        if stated is None or (frame.pts is None and stated < after_last):
            stated = after_last
        if self._last_frame is not None and stated <= self._last_frame:
            self._counts["out of order"] += 1
            return
        self._last_frame = stated
        if stated < self._start or (self._end is not None and stated >= self._end):
            return
        if self._grid is not None and not self._grid.takes(stated):
            self._counts["passed over"] += 1
            return
        self._counts["frames"] += 1
        assert self._convert is not None
        yield VideoFrame(self._convert(frame), float(stated), self._convert.scale(frame))

    def _session_time(self, piece: Any, stream: Any) -> Fraction | None:
        """Of a frame, a packet or, at the end of the stream, None."""
        time = None if piece is None else frame_time(piece, stream)
        return None if time is None else time - self._zero

    def _damage(self, stated: Fraction | None) -> Iterator[Event]:
        # What a seek into the middle of a file cannot decode yet is not damaged.
        if stated is not None and stated < self._start:
            return
        self._counts["corrupt"] += 1
        if self._counts["corrupt"] == 1:
            yield Event(self._reached(), "corrupt", "damaged data in the file was passed over")

    def _reached(self) -> float:
        """Session time up to which something was decoded."""
        frame = Fraction(0) if self._last_frame is None else self._last_frame + self._period
        return float(max(frame, self._blocks.due or Fraction(0)))

    def _past_end(self) -> bool:
        if self._end is None:
            return False
        video = self._video is None or (self._last_frame is not None and self._last_frame >= self._end)
        return video and (self._audio is None or self._blocks.past_end)

    def _cut_off(self) -> bool:
        if self._broken:
            return True
        length = self._info.duration_s
        if length is None or not _STATES_ITS_LENGTH & set(self._info.container.split(",")):
            return False
        if self._end is not None:
            length = min(length, float(self._end))
        return self._reached() < length - float(_SHORTFALL_S)

    def _of_how_much(self) -> str:
        return "" if self._info.duration_s is None else f" of {self._info.duration_s:.1f} s"
