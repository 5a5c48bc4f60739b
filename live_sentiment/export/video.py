"""The annotated video: the session's own pictures and sound with the results drawn in, as MP4.

Pictures keep their times, also where the frame rate varies, and sound its place beside them: 0 in the video
is where the analysis began, and everything is moved by that alone. Held are the picture in hand, the words,
20 s of results, and what the encoder and the muxer keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import VideoReformatter

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import ImageArray
from live_sentiment.export import Progress
from live_sentiment.export.footage import Footage, Shot, SoundPacket
from live_sentiment.export.moments import Moments
from live_sentiment.export.overlay import Overlay
from live_sentiment.export.palette import DARK
from live_sentiment.export.pen import Pen, bgr
from live_sentiment.export.recorded import RecordedSession
from live_sentiment.export.sound_track import sound_track
from live_sentiment.export.writing import whole_file
from live_sentiment.recording.tracks import picture_encoder
from live_sentiment.recording.untrusted import check_recording
from live_sentiment.sources.media.track_choice import TrackChoice

CRF = 21
"""Quality as H.264 has it: text stays crisp, at about the size of the source."""
PLAIN_SIZE_PX = (854, 480)
PLAIN_HZ = 10
"""The ground that stands in for pictures where there is only sound, and how often it is shown."""

_OPTIONS = {"libx264": {"preset": "superfast", "crf": str(CRF)}, "mpeg4": {"qscale": "4"}}
_MUXER_OPTIONS = {"movflags": "+faststart", "movie_timescale": "90000"}
"""The index at the beginning; tracks that begin late placed to 11 µs, not FFmpeg's usual millisecond."""
_BT601 = 6
"""SMPTE 170M, as FFmpeg numbers matrices: what it makes of BGR."""
_NOMINAL_HZ = 25
_KEY_EVERY = 250


def write_mp4(session: RecordedSession, path: Path, progress: Progress) -> Path:
    """Write the annotated video; `progress` is told the part of the session that is done.

    Raises:
        UsageError: there is no picture or sound to annotate, or it cannot be read, or the file not written.
        RunError: the disk is full.
    """
    media = _media(session)
    start = Fraction(session.start_s).limit_denominator(1000)
    end_s = session.source.get("end")
    end = None if end_s is None else Fraction(end_s).limit_denominator(1000)
    with (
        Footage(
            media, start=start, end=end, recording=session.is_recording, tracks=_tracks(session)
        ) as footage,
        whole_file(path) as aside,
    ):
        try:
            with av.open(str(aside), "w", format="mp4", options=dict(_MUXER_OPTIONS)) as container:
                _annotate(session, footage, container, start, progress)
        except FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise RunError(f"cannot write {path}: {error}") from error
    return path


def _tracks(session: RecordedSession) -> TrackChoice:
    """Those that were analysed."""
    stated = session.source.get("tracks")
    stated = stated if isinstance(stated, dict) else {}
    video, audio = (
        number if isinstance(number := stated.get(kind), int) else None for kind in ("video", "audio")
    )
    return TrackChoice(video, audio)


def _media(session: RecordedSession) -> Path:
    if session.media is not None:
        if session.media.parent == session.folder and session.is_recording:
            check_recording(session.media)
        return session.media
    if session.record is not None and not session.record.recording.files:
        raise UsageError(
            f"the session in {session.folder} was kept without picture and sound: nothing to draw on; "
            "the plot (png) needs neither"
        )
    raise UsageError(
        f"{session.name} lies neither in {session.folder} nor beside it; name the video with --media FILE"
    )


def _annotate(
    session: RecordedSession, footage: Footage, container: Any, start: Fraction, progress: Progress
) -> None:
    info = footage.info
    size = (info.width_px, info.height_px) if info.has_video else PLAIN_SIZE_PX
    overlay = Overlay(*size)
    pictures = _Pictures(container, overlay.size, footage.tick, info.fps, start)
    sound = None if footage.sound is None else sound_track(container, footage.sound, start)
    moments = Moments(session.points(), session.words)
    pieces = footage.pieces() if info.has_video else _on_plain_ground(session, footage, start)
    length_s = max(_length_s(session, info.duration_s) - float(start), 1e-3)
    for piece in pieces:
        if isinstance(piece, Shot):
            time_s = float(piece.time)
            moment = moments.at(time_s)
            if not info.has_video:
                moment = replace(moment, faces=())  # they were seen in another file's pictures
            container.mux(pictures.encode(overlay.draw(piece.image, moment), piece.time))
            progress(min(max((time_s - float(start)) / length_s, 0.0), 1.0))
        elif sound is not None:
            container.mux(list(sound.packets(piece)))
    container.mux(pictures.finish())
    if sound is not None:
        container.mux(list(sound.finish()))
    progress(1.0)


def _length_s(session: RecordedSession, duration_s: float | None) -> float:
    ends = [session.source.get("end"), duration_s, session.end_s]
    return float(min((end for end in ends if end), default=0.0))


def _on_plain_ground(
    session: RecordedSession, footage: Footage, start: Fraction
) -> Iterator[Shot | SoundPacket]:
    """Sound with a plain picture every 1 / PLAIN_HZ, which says whose sound it is."""
    image = _plain(session.name)
    count, reached = 0, start
    for piece in footage.pieces():
        yield piece
        reached = max(reached, piece.time)
        while (time := start + Fraction(count, PLAIN_HZ)) <= reached:
            yield Shot(image, time)
            count += 1


def _plain(name: str) -> ImageArray:
    width, height = PLAIN_SIZE_PX
    image: ImageArray = np.empty((height, width, 3), np.uint8)
    image[:] = bgr(DARK.ground)
    pen = Pen(image)
    size = height / 16
    name = pen.fitted(name, size, width * 0.9)
    pen.text(name, (width / 2, height / 2), size, DARK.quiet, align="middle")
    return image


class _Pictures:
    """The track of pictures: H.264 without B frames, so that no player needs to be told of a delay."""

    def __init__(
        self,
        container: Any,
        size: tuple[int, int],
        tick: Fraction,
        fps: float | None,
        start: Fraction,
    ) -> None:
        encoder = picture_encoder()
        rate = Fraction(fps or _NOMINAL_HZ).limit_denominator(1001)
        self._stream = container.add_stream(encoder, rate=rate, options=dict(_OPTIONS[encoder]))
        self._stream.time_base = tick
        codec = self._stream.codec_context
        codec.width, codec.height = size
        codec.pix_fmt, codec.time_base = "yuv420p", tick
        codec.gop_size, codec.max_b_frames, codec.thread_count = _KEY_EVERY, 0, 1
        codec.colorspace = _BT601
        self._tick, self._start = tick, start
        self._reformatter = VideoReformatter()
        self._last = -1

    def encode(self, image: ImageArray, time: Fraction) -> list[Any]:
        """The packets that one picture completes; none of them for a picture within the tick of the last."""
        ticks = round((time - self._start) / self._tick)
        if ticks <= self._last:
            return []
        self._last = ticks
        picture = av.VideoFrame.from_numpy_buffer(image, format="bgr24")
        picture = self._reformatter.reformat(picture, format="yuv420p")
        picture.pts, picture.time_base = ticks, self._tick
        return list(self._stream.encode(picture))

    def finish(self) -> list[Any]:
        """What the encoder still holds back."""
        return list(self._stream.encode(None))
