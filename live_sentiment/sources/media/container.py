"""Opening a media file: what is in it, and one clear line where it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from live_sentiment.core.errors import UsageError
from live_sentiment.sources.media.beginning import credible_start, suspicious
from live_sentiment.sources.media.local_path import what_it_is
from live_sentiment.sources.media.ogg_chain import Stretch
from live_sentiment.sources.media.pictures import PixelAspect, shown_size
from live_sentiment.sources.media.track_choice import (
    AS_STATED,
    TrackChoice,
    audio_tracks,
    preferred,
    select_tracks,
    video_tracks,
)

MOST_PIXELS = 100_000_000
"""In a picture as shown. A decoder keeps up to seventeen of them, each of 1.5 bytes a pixel and more."""

_STATES_ITS_LENGTH = {"mov", "matroska", "avi", "wav", "flac"}
"""Formats whose header states the length; elsewhere FFmpeg estimates it."""
_UNSTAMPED = {"aac", "ac3", "eac3", "dts", "mp3", "amr"}
"""Formats of bare sound without any timestamps: FFmpeg makes them up, from the first format that it meets."""
_STAMPED_ONE_BY_ONE = {"matroska", "flv", "mpegts", "mpeg", "ogg", "asf"}
"""Formats in which every packet, or nearly so, has a timestamp of its own."""
_COUNTED_FROM_0 = {"matroska", "flv", "nut", "ogg", "asf"}
"""Formats whose stated length is, as FFmpeg and most recorders write it, the time of the end: a stream that
was cut out at its tenth hour states ten hours more than it holds."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a file says it holds."""

    path: Path
    container: str
    """FFmpeg's name of the format, e.g. "matroska,webm"."""
    duration_s: float | None
    """From `start` to the end, as the container states it; None where it does not."""
    has_video: bool
    has_audio: bool
    start: Fraction = Fraction(0)
    """Zero of session time in the container's own time, in seconds, exactly."""
    width_px: int = 0
    """As shown: upright and with square pixels; 0 without video."""
    height_px: int = 0
    fps: float | None = None
    """Average frame rate; None without video or where unknown. Never used to make a time."""
    video_codec: str | None = None
    audio_codec: str | None = None
    audio_rate_hz: int = 0
    """0 without audio."""
    audio_channels: int = 0


def open_container(
    path: Path,
    threads: int = 1,
    tracks: TrackChoice = AS_STATED,
    stretch: tuple[int, int] | None = None,
) -> Any:
    """Open a file with FFmpeg for reading, with so many threads for pictures; the caller closes it.

    `video_stream` and `audio_stream` give the tracks that were chosen. With `stretch` only these of its bytes
    are read.

    Raises:
        UsageError: no such file, not a file, empty, unreadable, not media, nothing to see or hear in it, or
            not the tracks that were asked for.
    """
    _check_readable(path)
    try:
        # A playlist named .mp4 must not make FFmpeg fetch what it lists: the file itself is all that is read.
        source = str(path.absolute()) if stretch is None else Stretch(path, *stretch)
        container = av.open(source, "r", container_options={"protocol_whitelist": "file"})
    except (FFmpegError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read as video or audio: it is not media, or was cut off before its index"
        ) from error
    try:
        select_tracks(container, path, tracks)
        if video_stream(container) is None and audio_stream(container) is None:
            raise UsageError(f"{path} holds neither pictures nor sound that FFmpeg can decode")
    except UsageError:
        container.close()
        raise
    for stream in video_tracks(container):
        if stream.codec_context is not None:
            stream.codec_context.thread_count = threads
    return container


def probe(path: Path, *, recording: bool = False, tracks: TrackChoice = AS_STATED) -> MediaInfo:
    """What a file holds; decodes its first picture to know which way is up.

    Args:
        path: anything that FFmpeg decodes.
        recording: it was made by a live session: its zero is that of the container, although the first
            picture or sound may have come later.
        tracks: which of them are read.

    Raises:
        UsageError: as `open_container`, or its pictures are too large.
    """
    with open_container(path, tracks=tracks) as container:
        video, audio = video_stream(container), audio_stream(container)
        width, height = _shown_size(path, container, video) if video else (0, 0)
        start = Fraction(0) if recording else start_time(container)
        streams = [stream for stream in (video, audio) if stream is not None]
        one_by_one = _STAMPED_ONE_BY_ONE & set(container.format.name.split(","))
        if one_by_one and not recording and suspicious(streams):
            with open_container(path) as again:
                start = credible_start(again, _alike(again, streams), start)
        return MediaInfo(
            path=path,
            container=container.format.name,
            duration_s=_length_s(container, start),
            has_video=video is not None,
            has_audio=audio is not None,
            start=start,
            width_px=width,
            height_px=height,
            fps=float(video.average_rate) if video and video.average_rate else None,
            video_codec=video.codec_context.name if video else None,
            audio_codec=audio.codec_context.name if audio else None,
            audio_rate_hz=audio.codec_context.sample_rate if audio else 0,
            audio_channels=len(audio.codec_context.layout.channels) if audio else 0,
        )


def states_its_length(info: MediaInfo) -> bool:
    """Whether the length is stated by the file, and not estimated."""
    return info.duration_s is not None and bool(_STATES_ITS_LENGTH & set(info.container.split(",")))


def has_timestamps(info: MediaInfo) -> bool:
    """Whether the times of its sound were written by whoever recorded it."""
    return not _UNSTAMPED & set(info.container.split(","))


def video_stream(container: Any) -> Any | None:
    """The track of pictures that is read, or None: the chosen one, else the default, else the first."""
    return preferred(video_tracks(container))


def audio_stream(container: Any) -> Any | None:
    """The track of sound that is read, or None: the chosen one, else the default, else the first."""
    return preferred(audio_tracks(container))


def start_time(container: Any) -> Fraction:
    """The container's earliest timestamp in seconds.

    FFmpeg rounds it to microseconds; the stream that it comes from knows it exactly.
    """
    stated = Fraction(container.start_time or 0, av.time_base)
    exact = [s.start_time * s.time_base for s in container.streams if s.start_time is not None]
    return min((start for start in exact if abs(start - stated) * av.time_base <= 1), default=stated)


def _alike(container: Any, streams: list[Any]) -> list[Any]:
    """The same streams of the same file, opened again; without those that only appear further on in it."""
    return [again for again in container.streams if again.index in {stream.index for stream in streams}]


def _length_s(container: Any, start: Fraction) -> float | None:
    """From `start` to the end; None where it is not stated."""
    if not container.duration or container.duration < 0:
        return None
    length_s: float = container.duration / av.time_base
    if _COUNTED_FROM_0 & set(container.format.name.split(",")) and length_s > start:
        return length_s - float(start)
    return length_s


def frame_time(frame: Any, stream: Any) -> Fraction | None:
    """When a frame of this stream is shown, in exact seconds of the container's own time; None if unknown.

    A frame without a presentation timestamp is shown when the packet that completed it is due.
    """
    ticks = frame.dts if frame.pts is None or counts_frames(stream) else frame.pts
    return None if ticks is None else Fraction(ticks * (frame.time_base or stream.time_base))


def counts_frames(stream: Any) -> bool:
    """Whether frames are decoded out of order, and the file knows but their number in it, as AVI does.

    FFmpeg makes up presentation times there, which are wrong.
    """
    avi = stream.type == "video" and stream.container.format.name == "avi"
    return avi and bool(stream.codec_context.has_b_frames)


def _shown_size(path: Path, container: Any, video: Any) -> tuple[int, int]:
    aspect = PixelAspect(video)
    try:
        frame = next(container.decode(video), None)
    except FFmpegError:
        frame = None
    width, height = shown_size(frame or video.codec_context, aspect.now)
    if width * height > MOST_PIXELS:
        raise UsageError(
            f"the pictures of {path} have {width} × {height} pixels; up to {MOST_PIXELS / 1e6:.0f} million "
            f"can be analysed. Make them smaller, e.g. with ffmpeg -i {path.name} -vf scale=1920:-2 small.mp4"
        )
    turned = frame is not None and round(frame.rotation / 90) % 2
    return (height, width) if turned else (width, height)


def _check_readable(path: Path) -> None:
    if not path.exists():
        raise UsageError(f"no such file: {path}")
    if not path.is_file():
        raise UsageError(f"{path} is {what_it_is(path)}")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; check its permissions") from error
    if empty:
        raise UsageError(f"{path} is empty (zero bytes); was it copied or downloaded completely?")
