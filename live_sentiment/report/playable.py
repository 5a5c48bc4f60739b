"""An MP4 copy of a live session's recording, since not every browser plays Matroska with PCM."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.export.footage import SoundPacket
from live_sentiment.export.sound_track import sound_track
from live_sentiment.recording.untrusted import check_recording


def can_be_mp4(path: Path) -> bool:
    """Whether it is Matroska with pictures, if any, that MP4 and browsers take as they are."""
    try:
        check_recording(path)
        with av.open(str(path), format="matroska", metadata_errors="ignore") as media:
            codecs = {getattr(stream.codec_context, "name", "") for stream in media.streams.video}
            return path.suffix != ".webm" and codecs <= {"h264"}
    except (UsageError, OSError, FFmpegError):
        return False


def write_mp4(path: Path, target: Path) -> None:
    """Copy the pictures packet by packet, encode the sound as AAC, and keep the times of both.

    Raises:
        RunError: the recording cannot be read to its end, or the disk is full.
    """
    try:
        with (
            av.open(str(path), format="matroska", metadata_errors="ignore") as source,
            av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as copy,
        ):
            pictures = next(iter(source.streams.video), None)
            sound = next(iter(source.streams.audio), None)
            video = copy.add_stream_from_template(pictures) if pictures else None
            track = sound_track(copy, sound, Fraction(0)) if sound else None
            packets = source.demux([stream for stream in (pictures, sound) if stream])
            first = True
            for packet in itertools.takewhile(lambda packet: packet.pts is not None, packets):
                if track is not None and packet.stream is sound:
                    copy.mux(list(track.packets(SoundPacket(packet, packet.pts * packet.time_base))))
                elif video is not None:
                    if first:
                        # Browsers take the time before the first picture off the length, and cannot seek to
                        # the end then; the first picture stands there instead, as players show it anyway.
                        packet.pts = 0
                        packet.dts = None if packet.dts is None else min(packet.dts, 0)
                        first = False
                    packet.stream = video
                    copy.mux(packet)
            if track is not None:
                copy.mux(list(track.finish()))
    except (OSError, FFmpegError) as error:
        raise RunError(f"cannot make an MP4 of {path} to embed: {error}") from error
