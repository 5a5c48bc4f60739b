"""Makes odd media files for tests: small, quick, and the same every time on the same FFmpeg.

>>> write_media(path, pictures=flashes(2.0, flash_s=1.0), sound=beeps(2.0, beep_s=1.12))
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc
from numpy.typing import NDArray

Picture = tuple[float, NDArray[np.uint8]]
"""Time in seconds and an RGB image of shape (height, width, 3)."""

TICKS_PER_S = 10_000
_FIXED_RATE = {"mpeg1video", "mpeg2video", ".avi"}
"""Codecs and endings that know no other time than the number of the picture, here at 25 per second."""
_EXPERIMENTAL_CODECS = {"vorbis"}

_SAMPLE_TYPES = {"u8": np.uint8, "s16": np.int16, "s32": np.int32, "flt": np.float32, "dbl": np.float64}


@dataclass
class Sound:
    """Sound to be written."""

    samples: NDArray[np.float32]
    """Shape (channels, n), in [-1, 1]."""
    rate_hz: int = 16_000
    layout: str = "mono"
    start_s: float = 0.0
    """Timestamp of the first sample."""
    jumps: Sequence[tuple[float, float]] = field(default_factory=tuple)
    """(at, by): sound from `at` seconds on is stamped later by `by` seconds; earlier, if negative."""

    @property
    def length_s(self) -> float:
        return self.samples.shape[1] / self.rate_hz


def tone(
    seconds: float, hz: float = 440.0, rate_hz: int = 16_000, layout: str = "mono", level: float = 0.5
) -> Sound:
    """A sine in every channel, starting at phase 0."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    channels = len(av.AudioLayout(layout).channels)
    wave = (level * np.sin(2 * np.pi * hz * times)).astype(np.float32)
    return Sound(np.tile(wave, (channels, 1)), rate_hz, layout)


def silence(seconds: float, rate_hz: int = 16_000) -> Sound:
    return Sound(np.zeros((1, round(seconds * rate_hz)), np.float32), rate_hz)


def beeps(seconds: float, beep_s: float, rate_hz: int = 48_000, length_s: float = 0.1) -> Sound:
    """Silence with one 1 kHz beep."""
    sound = silence(seconds, rate_hz)
    first, last = round(beep_s * rate_hz), round((beep_s + length_s) * rate_hz)
    sound.samples[:, first:last] = 0.7 * np.sin(2 * np.pi * 1000 * np.arange(last - first) / rate_hz)
    return sound


def greys(times: Iterable[float], size: tuple[int, int] = (64, 64)) -> Iterator[Picture]:
    """One plain picture for each time, the n-th of `grey_level(n)`; size is (height, width)."""
    for index, time_s in enumerate(times):
        yield time_s, np.full((*size, 3), grey_level(index), np.uint8)


def grey_level(index: int) -> int:
    """The grey of the n-th picture of `greys`."""
    return 16 + 8 * index % 224


def steady(seconds: float, fps: float = 25.0) -> list[float]:
    """Regular frame times."""
    return [index / fps for index in range(round(seconds * fps))]


def flashes(seconds: float, flash_s: float, fps: float = 25.0) -> Iterator[Picture]:
    """Black pictures that turn white at `flash_s`."""
    for time_s in steady(seconds, fps):
        yield time_s, np.full((64, 64, 3), 255 if time_s >= flash_s - 1e-9 else 0, np.uint8)


def quadrants(height: int = 96, width: int = 128) -> NDArray[np.uint8]:
    """A picture whose upper left quarter is red, the others grey, so that every turn and flip shows."""
    image = np.full((height, width, 3), 128, np.uint8)
    image[: height // 2, : width // 2] = (220, 30, 30)
    return image


BT2020_NCL = 9
"""The matrix of ITU-R BT.2020 with non-constant luminance, as H.273 numbers it."""

ONE = 1 << 16
"""1 in the fixed point of a display matrix."""


def write_media(
    path: Path,
    *,
    pictures: Iterable[Picture] | None = None,
    sound: Sound | None = None,
    video_codec: str = "mpeg4",
    pixel_format: str = "yuv420p",
    audio_codec: str = "aac",
    sample_format: str | None = None,
    display_matrix: tuple[int, int, int, int] | None = None,
    pixel_aspect: Fraction | None = None,
    transfer: ColorTrc | None = None,
    gop: int = 12,
    cover: NDArray[np.uint8] | None = None,
    interleaved: bool = True,
    options: dict[str, str] | None = None,
    codec_options: dict[str, str] | None = None,
    container_format: str | None = None,
) -> Path:
    """Write a file with FFmpeg's own encoders and muxers, by the path's ending.

    Args:
        path: where to.
        pictures: in time order; None is no video track.
        sound: None is no audio track.
        video_codec, pixel_format, audio_codec, sample_format: as FFmpeg names them.
        display_matrix: a, b, c, d in 16.16 fixed point: a point (x, y) is shown at (a x + c y, b x + d y).
        pixel_aspect: width over height of one pixel.
        transfer: how the levels of the pictures are to be understood; of PQ and HLG, with BT.2020 primaries.
        gop: pictures from one key frame to the next.
        cover: an image attached as cover art.
        interleaved: False hands the muxer all pictures before all sound; with the option
            `{"max_interleave_delta": "1"}` it writes them so.
        options: of the muxer.
        codec_options: of the video encoder.
        container_format: where the ending does not say it.
    """
    with av.open(str(path), "w", format=container_format, options=options or {}) as container:
        video = audio = None
        shown = iter(pictures) if pictures is not None else iter(())
        first = next(shown, None)
        if first is not None:
            video = container.add_stream(video_codec, rate=25, options=codec_options or {})
            video.height, video.width = first[1].shape[:2]
            video.pix_fmt = pixel_format
            fixed = bool(_FIXED_RATE & {video_codec, path.suffix})
            video.codec_context.time_base = Fraction(1, 25 if fixed else TICKS_PER_S)
            video.codec_context.gop_size = gop
            video.codec_context.thread_count = 1
            if pixel_aspect is not None:
                video.codec_context.sample_aspect_ratio = pixel_aspect
            if transfer is not None:
                video.codec_context.color_trc = transfer
                video.codec_context.color_primaries = ColorPrimaries.BT2020
                video.codec_context.colorspace = BT2020_NCL
                video.codec_context.color_range = ColorRange.MPEG
            if display_matrix is not None:
                video.set_display_matrix([*display_matrix[:2], 0, *display_matrix[2:], 0, 0, 0, 1 << 30])
        if sound is not None:
            audio = container.add_stream(audio_codec, rate=sound.rate_hz, layout=sound.layout)
            if sample_format:
                audio.codec_context.format = sample_format
        if cover is not None:
            _attach_cover(container, cover)
        packets = [*_video_packets(video, first, shown), *_audio_packets(audio, sound)]
        if interleaved:
            packets.sort(key=lambda packet: packet.dts * packet.time_base)
        container.mux(packets)
    return path


def _video_packets(video: Any, first: Picture | None, others: Iterator[Picture]) -> Iterator[Any]:
    if first is None:
        return
    for time_s, image in chain([first], others):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.time_base = Fraction(1, TICKS_PER_S)
        frame.pts = round(time_s * TICKS_PER_S)
        yield from video.encode(frame)
    yield from video.encode(None)


def _audio_packets(audio: Any, sound: Sound | None) -> Iterator[Any]:
    if sound is None:
        return
    if audio.codec_context.name in _EXPERIMENTAL_CODECS:
        audio.codec_context.options = {"strict": "experimental"}
    audio.codec_context.open(strict=False)
    size = audio.codec_context.frame_size or 1024
    for first in range(0, sound.samples.shape[1], size):
        frame = _audio_frame(sound, first, size, audio.codec_context.format.name)
        yield from audio.encode(frame)
    yield from audio.encode(None)


def _audio_frame(sound: Sound, first: int, size: int, sample_format: str) -> Any:
    samples = np.clip(sound.samples[:, first : first + size], -1, 1)
    kind = np.dtype(_SAMPLE_TYPES[sample_format.removesuffix("p")])
    if kind == np.uint8:
        samples = np.round(samples * 127 + 128)
    elif kind.kind == "i":
        samples = np.round(samples.astype(np.float64) * np.iinfo(kind).max)
    samples = samples.astype(kind)
    if not sample_format.endswith("p"):
        samples = samples.T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples), format=sample_format, layout=sound.layout
    )
    frame.sample_rate = sound.rate_hz
    frame.time_base = Fraction(1, sound.rate_hz)
    jumped_s = sum(by for at, by in sound.jumps if first / sound.rate_hz >= at)
    frame.pts = first + round((sound.start_s + jumped_s) * sound.rate_hz)
    return frame


def _attach_cover(container: Any, image: NDArray[np.uint8]) -> None:
    cover = container.add_stream("mjpeg")
    cover.height, cover.width = image.shape[:2]
    cover.pix_fmt = "yuvj420p"
    cover.disposition = Disposition.attached_pic
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    frame.pts, frame.time_base = 0, Fraction(1, 25)
    container.mux([*cover.encode(frame), *cover.encode(None)])


def write_photo(path: Path, image: NDArray[np.uint8], orientation: int | None = None) -> Path:
    """One JPEG, with the Exif data of a camera that was held so (1 to 8), or without any."""
    write_media(
        path,
        pictures=[(0.0, image)],
        video_codec="mjpeg",
        pixel_format="yuvj420p",
        container_format="image2",
        options={"update": "1"},
    )
    if orientation is not None:
        # TIFF 6.0, big-endian: one directory with one entry, tag 0x112 of one SHORT.
        entry = struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0)
        exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
        jpeg = path.read_bytes()
        path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    return path


def cut(path: Path, share: float, to: Path) -> Path:
    """A copy of which only the first part is there, as after a broken download."""
    data = path.read_bytes()
    to.write_bytes(data[: round(len(data) * share)])
    return to


def spoil(path: Path, to: Path, share_from: float = 0.5, share_to: float = 0.55) -> Path:
    """A copy with noise in place of a stretch of its bytes."""
    data = bytearray(path.read_bytes())
    first, last = round(len(data) * share_from), round(len(data) * share_to)
    data[first:last] = np.random.default_rng(0).bytes(last - first)
    to.write_bytes(data)
    return to


def flip_stamp(path: Path, to: Path, *, pid: int, number: int, bit: int, which: str = "pts") -> Path:
    """A copy of an MPEG transport stream with one bit of one timestamp flipped.

    Args:
        path: written by FFmpeg: 188 bytes a packet.
        to: where to.
        pid: of the stream.
        number: of the PES packet in it, from 0; negative from the end.
        bit: of the 33, from the lowest.
        which: "pts" or "dts"; where there is no "dts" it is the same as "pts".
    """
    data = bytearray(path.read_bytes())
    headers = []
    for at in range(0, len(data), 188):
        begins, its_pid = data[at + 1] & 0x40, (data[at + 1] & 0x1F) << 8 | data[at + 2]
        if its_pid == pid and begins:
            field = at + 4 + (data[at + 4] + 1 if data[at + 3] & 0x20 else 0)
            if data[field : field + 3] == b"\0\0\1" and data[field + 7] & 0x80:
                headers.append(field)
    field = headers[number] + 9
    if which == "dts" and data[headers[number] + 7] & 0x40:
        field += 5
    # ISO/IEC 13818-1, 2.4.3.6: 3, 15 and 15 bits, a marker bit behind each.
    place = bit + 1 if bit < 15 else bit + 2 if bit < 30 else bit + 3
    data[field + 4 - place // 8] ^= 1 << place % 8
    to.write_bytes(data)
    return to


def join(parts: Sequence[Path], to: Path) -> Path:
    """The bytes of files one after the other, as recorders do with MPEG transport streams."""
    to.write_bytes(b"".join(part.read_bytes() for part in parts))
    return to
