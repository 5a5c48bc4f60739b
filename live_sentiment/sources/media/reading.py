"""One pass over an open container, from packets to frames, blocks and events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from av.error import FFmpegError
from av.format import Flags

from live_sentiment.core.types import AudioBlock, Event, VideoFrame
from live_sentiment.sources.media.blocks import BlockAssembler
from live_sentiment.sources.media.container import (
    MediaInfo,
    audio_stream,
    counts_frames,
    frame_time,
    has_timestamps,
    states_its_length,
    video_stream,
)
from live_sentiment.sources.media.frame_times import FrameTimes, TimedFrame
from live_sentiment.sources.media.mixdown import Mixdown
from live_sentiment.sources.media.mp3 import holds_no_sound
from live_sentiment.sources.media.packet import Packet
from live_sentiment.sources.media.packets import PacketReader
from live_sentiment.sources.media.pictures import PictureConverter
from live_sentiment.sources.media.sound import planes
from live_sentiment.sources.media.spoilt_samples import SpoiltSamples
from live_sentiment.streams.decimator import Decimator

MediaItem: TypeAlias = VideoFrame | AudioBlock | Event

_SHORTFALL_S = Fraction(1, 2)
"""A file that ends earlier than it says by more than this was cut off."""
_UNKNOWN_PERIOD_S = Fraction(1, 25)
_PES_S = Fraction(1, 2)
"""An MPEG stream stamps its sound at least this often."""
_DEEP_REORDERING = {"h264", "hevc"}
"""Codecs that may hold back more than one picture; how many is seen at the first one."""
_ROUNDING_S = Fraction(1, 1000)


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
        self._grid = Decimator(selection.frame_rate_hz) if selection.frame_rate_hz else None
        self._convert = None if self._video is None else PictureConverter(self._video, selection.longest_px)
        self._spoilt = SpoiltSamples()
        self._mix = Mixdown(selection.channel)
        self._full_scale = np.float32(selection.full_scale)
        self._clock_may_change = bool(container.format.flags & Flags.ts_discont.value)
        self._is_mp3 = container.format.name == "mp3"
        self._blocks = BlockAssembler(selection.start, selection.end)
        self._counted: Fraction | None = None  # where the sound is due that has no timestamps
        self._last_frame: Fraction | None = None
        self._period = _UNKNOWN_PERIOD_S
        if self._video is not None and self._video.average_rate:
            self._period = 1 / Fraction(self._video.average_rate)
        self._times = FrameTimes(self._period)
        self._counts_frames = self._video is not None and counts_frames(self._video)
        self._first_key: Fraction | None = None
        self._held_back: Fraction | None = (
            None  # between the packet of a picture and the one that gives it out
        )
        streams = [stream for stream in (self._video, self._audio) if stream is not None]
        self._packets = PacketReader(container, streams, info, selection.start)

    def items(self) -> Iterator[MediaItem]:
        """Everything up to the end, or to where the file breaks off."""
        for packet in self._packets:
            yield from self._announce(packet)
            yield from self._decode(packet)
            if self._past_end():
                break
        for timed in self._times.finish():
            yield from self._picture(timed)
        if self._times.out_of_order:
            self._counts["out of order"] = self._times.out_of_order
        yield from self._blocks.finish()
        yield from self._sums()
        if self._cut_off():
            yield Event(
                self.reached_s,
                "truncated",
                f"the file breaks off at {self.reached_s:.1f} s{self._of_how_much()}; the result ends there",
            )

    def _announce(self, packet: Packet) -> Iterator[Event]:
        if packet.time is None or 0 < self._start > packet.time:
            return
        if packet.restarted:
            yield Event(
                float(packet.time), "restarted", "timestamps start over in the file; the parts were joined"
            )
        if packet.false:
            yield from self._false_timestamp(packet.time)

    def _false_timestamp(self, time: Fraction) -> Iterator[Event]:
        self._counts["false timestamps"] += 1
        if self._counts["false timestamps"] == 1:
            yield Event(max(float(time), 0.0), "timestamp", "a false timestamp in the file was not believed")

    def _sums(self) -> Iterator[Event]:
        for count, kind, what in (
            (self._counts["corrupt"], "corrupt", "damaged pieces of the file were passed over"),
            (self._counts["false timestamps"], "timestamp", "false timestamps in the file were not believed"),
            (self._spoilt.count, "spoilt-sound", "samples of the sound were spoilt and filled in"),
        ):
            if count > 1:
                yield Event(self.reached_s, kind, f"{count} {what}")

    def _decode(self, packet: Packet) -> Iterator[MediaItem]:
        stream = packet.stream
        if self._is_mp3 and packet.packet is not None and holds_no_sound(bytes(packet.packet)):
            return
        if self._counts_frames and stream is self._video and self._held_back is None:
            self._note_first_key(packet)
        try:
            frames = self._stream_frames(stream, packet.packet)
        except FFmpegError:
            if packet.packet is not None:
                self._count_sound(stream, Fraction((packet.packet.duration or 0) * stream.time_base))
            yield from self._damage(packet.time)
            return
        for frame in frames:
            stated = self._session_time(frame, stream)
            if frame.is_corrupt:
                if stream is self._audio:
                    self._count_sound(stream, Fraction(frame.samples, frame.sample_rate or 1))
                yield from self._damage(stated)
            elif stream is self._audio:
                yield from self._sound(frame, stated, packet.packet)
            else:
                if self._counts_frames and stated is not None:
                    if self._held_back is None:
                        self._held_back = self._delay(stated)
                    stated -= self._held_back
                for timed in self._times.add(frame, stated, exact=frame.pts is not None):
                    yield from self._picture(timed)

    def _delay(self, first_completed: Fraction) -> Fraction:
        """How long the decoder holds back pictures, for the sake of those that are decoded out of order."""
        assert self._video is not None
        if self._video.codec_context.name not in _DEEP_REORDERING:
            return self._period
        return Fraction(0) if self._first_key is None else max(first_completed - self._first_key, Fraction(0))

    def _note_first_key(self, packet: Packet) -> None:
        """The first picture that is given out is that of the first key frame."""
        coded = packet.packet
        if self._first_key is None and coded is not None and coded.is_keyframe and coded.dts is not None:
            self._first_key = coded.dts * coded.time_base - self._zero

    def _count_sound(self, stream: Any, seconds: Fraction) -> None:
        if stream is self._audio and self._counted is not None:
            self._counted += seconds

    @staticmethod
    def _stream_frames(stream: Any, packet: Any) -> list[Any]:
        return list(stream.decode(packet))

    def _sound(self, frame: Any, stated: Fraction | None, packet: Any) -> Iterator[AudioBlock | Event]:
        if stated is not None and self._is_made_up(stated, frame, packet):
            stated = None
        if not has_timestamps(self._info):
            # FFmpeg's would drift where the sound changes its format, and cut holes into what has none.
            stated = self._counted = stated if self._counted is None else self._counted
            self._count_sound(self._audio, Fraction(frame.samples, frame.sample_rate))
        samples, names = planes(frame)
        if self._full_scale != 1:
            with np.errstate(all="ignore"):  # what is no number is looked for below
                samples = samples / self._full_scale
        before = self._spoilt.count
        mended = self._spoilt(samples)
        if self._spoilt.count > before == 0:
            at_s = self.reached_s if stated is None else float(stated)
            message = "samples that are no numbers or far too loud were filled in"
            yield Event(at_s, "spoilt-sound", message)
        mixed = self._mix.mix(mended, names, frame.sample_rate)
        yield from self._blocks.add(mixed, frame.sample_rate, stated)

    def _is_made_up(self, stated: Fraction, frame: Any, packet: Any) -> bool:
        """Whether a time was counted by FFmpeg in a format that the sound no longer has.

        MPEG's streams stamp several frames of sound at once. FFmpeg counts on between the stamps with the
        length that frames had in the first format that it met.
        """
        due = self._blocks.due
        if due is None or self._blocks.rate_hz != frame.sample_rate:
            return False  # what begins has a stamp of its own
        if not self._clock_may_change or packet is None or not packet.duration:
            return False
        length = Fraction(frame.samples, frame.sample_rate)
        as_counted = abs(packet.duration * packet.time_base - length) <= _ROUNDING_S
        return not as_counted and abs(stated - due) < _PES_S

    def _picture(self, timed: TimedFrame) -> Iterator[VideoFrame | Event]:
        time = self._last_frame = timed.time
        if time < self._start or (self._end is not None and time >= self._end):
            return
        if timed.false:
            yield from self._false_timestamp(time)
        if self._grid is not None and not self._grid.takes(time):
            self._counts["passed over"] += 1
            return
        self._counts["frames"] += 1
        assert self._convert is not None
        yield VideoFrame(self._convert(timed.frame), float(time), self._convert.scale(timed.frame))

    def _session_time(self, frame: Any, stream: Any) -> Fraction | None:
        time = frame_time(frame, stream)
        return None if time is None else time - self._zero

    def _damage(self, stated: Fraction | None) -> Iterator[Event]:
        # What a seek into the middle of a file cannot decode yet is not damaged.
        if stated is not None and stated < self._start:
            return
        self._counts["corrupt"] += 1
        if self._counts["corrupt"] == 1:
            yield Event(self.reached_s, "corrupt", "damaged data in the file was passed over")

    @property
    def reached_s(self) -> float:
        """Session time up to which something was decoded."""
        return float(self.reached)

    @property
    def reached(self) -> Fraction:
        """The same, exactly."""
        frame = Fraction(0) if self._last_frame is None else self._last_frame + self._period
        return max(frame, self._blocks.due or Fraction(0))

    def _past_end(self) -> bool:
        if self._end is None:
            return False
        video = self._video is None or (self._last_frame is not None and self._last_frame >= self._end)
        return video and (self._audio is None or self._blocks.past_end)

    def _cut_off(self) -> bool:
        if self._packets.broken:
            return True
        length = self._info.duration_s
        if length is None or not states_its_length(self._info):
            return False
        if self._end is not None:
            length = min(length, float(self._end))
        return self.reached_s < length - float(_SHORTFALL_S)

    def _of_how_much(self) -> str:
        return "" if self._info.duration_s is None else f" of {self._info.duration_s:.1f} s"
