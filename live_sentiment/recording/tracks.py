"""The tracks of a recording: pictures as H.264 and sound as PCM, each with its time to the millisecond."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.codec.codec import UnknownCodecError
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from live_sentiment.core.types import ImageArray
from live_sentiment.sources.capture import CapturedSound

MILLISECOND = Fraction(1, 1000)
"""Time base of Matroska, and of everything here."""
ENCODERS = ("libx264", "mpeg4")
"""What encodes pictures: the first that this build of FFmpeg has."""
NOMINAL_HZ = 30
"""What the header says of the frame rate, and rate control assumes; every picture has its own time."""
PACKET_S = Fraction(1, 10)
"""No packet of sound is longer."""

_OPTIONS = {
    "libx264": {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"},
    "mpeg4": {},
}
_NEVER = 1 << 20


def picture_encoder() -> str:
    """The first of ENCODERS that is there; every build of FFmpeg has the last."""
    for name in ENCODERS[:-1]:
        try:
            av.Codec(name, "w")
        except UnknownCodecError:
            continue
        return name
    return ENCODERS[-1]


class PictureTrack:
    """Encodes pictures as they come, with a key frame at the first of every second and no B frames.

    All pictures have the size that was declared, odd ones repeat their last row or column (4:2:0 needs
    even sizes); a picture of another size is letterboxed.

    Args:
        container: open for writing, its header not written yet.
        width_px: of the pictures to come.
        height_px: likewise.
        crf: quality as H.264 has it; mpeg4 takes a third of it as its quantiser.
    """

    def __init__(self, container: Any, width_px: int, height_px: int, crf: int) -> None:
        encoder = picture_encoder()
        options = dict(_OPTIONS[encoder])
        if encoder == "libx264":
            options["crf"] = str(crf)
        self._width_px, self._height_px = width_px, height_px
        self._stream = container.add_stream(encoder, rate=NOMINAL_HZ, options=options)
        self._stream.time_base = MILLISECOND
        codec = self._stream.codec_context
        codec.width, codec.height = width_px + width_px % 2, height_px + height_px % 2
        codec.pix_fmt, codec.time_base = "yuv420p", MILLISECOND
        codec.gop_size, codec.max_b_frames, codec.thread_count = _NEVER, 0, 1
        if encoder == "mpeg4":
            codec.qmin = codec.qmax = max(crf // 3, 2)
        codec.open()
        self._reformatter = VideoReformatter()
        self._last_ms = -1

    def takes(self, time_ms: int) -> bool:
        """Whether a picture of this time is later than the last one."""
        return time_ms > self._last_ms

    def encode(self, image: ImageArray, time_ms: int) -> list[Any]:
        """The packets of one picture, shape (height, width, 3), BGR."""
        picture = av.VideoFrame.from_ndarray(self._fitted(image), format="bgr24")
        picture = self._reformatter.reformat(picture, format="yuv420p")
        picture.pts, picture.time_base = time_ms, MILLISECOND
        key = self._last_ms < 0 or time_ms // 1000 > self._last_ms // 1000
        picture.pict_type = PictureType.I if key else PictureType.NONE
        self._last_ms = time_ms
        return list(self._stream.encode(picture))

    def finish(self) -> list[Any]:
        """What the encoder still holds back."""
        return list(self._stream.encode(None))

    def _fitted(self, image: ImageArray) -> ImageArray:
        if image.shape[:2] != (self._height_px, self._width_px):
            image = letterboxed(image, self._width_px, self._height_px)
        if self._height_px % 2 or self._width_px % 2:
            image = np.pad(image, ((0, self._height_px % 2), (0, self._width_px % 2), (0, 0)), mode="edge")
        return np.ascontiguousarray(image)


def letterboxed(image: ImageArray, width_px: int, height_px: int) -> ImageArray:
    """The whole picture scaled into another size, with black bars where the shapes differ."""
    scale = min(width_px / image.shape[1], height_px / image.shape[0])
    width = min(max(round(image.shape[1] * scale), 1), width_px)
    height = min(max(round(image.shape[0] * scale), 1), height_px)
    boxed: ImageArray = np.zeros((height_px, width_px, 3), np.uint8)
    left, top = (width_px - width) // 2, (height_px - height) // 2
    scaled = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    boxed[top : top + height, left : left + width] = scaled
    return boxed


class SoundTrack:
    """Sound as PCM, bit by bit as it came; sound of another rate or number of channels is resampled.

    Args:
        container: open for writing, its header not written yet.
        rate_hz: of the sound to come.
        channels: likewise.
    """

    def __init__(self, container: Any, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._layout = _layout(channels)
        self._stream = container.add_stream("pcm_s16le", rate=rate_hz, layout=self._layout)
        self._stream.codec_context.open()
        self._resampler: Any = None
        self._resampled: tuple[int, int] | None = None  # rate and channels that the resampler takes
        self._due: Fraction | None = None
        self._place = Fraction(0)  # of the next resampled sample

    def takes(self, sound: CapturedSound) -> bool:
        """Whether this sound begins where, or after, the sound before it ended."""
        return self._due is None or sound.start >= self._due

    def encode(self, sound: CapturedSound) -> Iterator[tuple[Fraction, Any]]:
        """Packets, each with the session time of its end."""
        joined = self._due == sound.start
        self._due = sound.end
        if (sound.rate_hz, sound.samples.shape[1]) == (self._rate_hz, self._channels):
            self._resampler = self._resampled = None
            yield from self._packets(sound.samples, sound.start)
            return
        samples, start = self._resample(sound, joined), self._place
        self._place += Fraction(len(samples), self._rate_hz)
        yield from self._packets(samples, start)

    def _packets(self, samples: NDArray[np.int16], start: Fraction) -> Iterator[tuple[Fraction, Any]]:
        step = max(int(self._rate_hz * PACKET_S), 1)
        for first in range(0, len(samples), step):
            piece = samples[first : first + step]
            packet = av.Packet(piece.astype("<i2", copy=False).tobytes())
            packet.stream, packet.time_base = self._stream, MILLISECOND
            begins = start + Fraction(first, self._rate_hz)
            ends = begins + Fraction(len(piece), self._rate_hz)
            packet.pts = packet.dts = round(begins * 1000)
            packet.duration = round(ends * 1000) - packet.pts
            packet.is_keyframe = True
            yield ends, packet

    def _resample(self, sound: CapturedSound, joined: bool) -> NDArray[np.int16]:
        """The next samples at the declared rate; the few that the filter holds at a gap are let go."""
        given = (sound.rate_hz, sound.samples.shape[1])
        if given != self._resampled or not joined:
            self._resampler = av.AudioResampler(format="s16", layout=self._layout, rate=self._rate_hz)
            self._resampled, self._place = given, sound.start
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.samples).reshape(1, -1), format="s16", layout=_layout(given[1])
        )
        frame.sample_rate = sound.rate_hz
        pieces = [piece.to_ndarray().reshape(-1, self._channels) for piece in self._resampler.resample(frame)]
        joined_up: NDArray[np.int16] = np.concatenate(
            [np.zeros((0, self._channels), np.int16), *pieces], dtype=np.int16
        )
        return joined_up


def _layout(channels: int) -> str:
    """The channels as FFmpeg assumes them where only their number is known, as Matroska has it."""
    names = ("mono", "stereo", "2.1", "4.0", "5.0", "5.1", "6.1", "7.1")
    return names[channels - 1] if channels <= len(names) else f"{channels} channels"
