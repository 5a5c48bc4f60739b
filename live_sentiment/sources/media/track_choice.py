"""Which video track, which audio track and which of its channels of a file are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.stream import Discard

from live_sentiment.core.errors import UsageError

MIX = 0
"""In place of the number of a channel: all of them."""
_NO_FILM = ("attached_pic", "timed_thumbnails")


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """Numbers counted from 1 in the order of the file; None leaves it to what the file states."""

    video: int | None = None
    """Among the video tracks; cover art is not counted."""
    audio: int | None = None
    channel: int | None = None
    """The only channel of the audio track to be heard; MIX is all of them."""


AS_STATED = TrackChoice()
"""The default tracks of the file, or the first ones."""


def parse_channel(text: str) -> int:
    """`left`, `right`, `mix` or a number from 1.

    Raises:
        ValueError: anything else.
    """
    named = {"mix": MIX, "left": 1, "right": 2}
    if text in named:
        return named[text]
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(text)
    return int(text)


def video_tracks(container: Any) -> list[Any]:
    """The streams of pictures that move, whether they can be decoded or not."""
    return [
        stream for stream in container.streams.video if not any(has_flag(stream, name) for name in _NO_FILM)
    ]


def audio_tracks(container: Any) -> list[Any]:
    """The streams of sound, whether they can be decoded or not."""
    return list(container.streams.audio)


def can_be_decoded(stream: Any) -> bool:
    """Whether FFmpeg has a decoder for it and knows enough of it."""
    context = stream.codec_context
    return context is not None and (stream.type == "video" or bool(context.sample_rate))


def preferred(tracks: Sequence[Any]) -> Any | None:
    """The default or else the first track that can be decoded and was not passed over by `select_tracks`."""
    usable = [track for track in tracks if can_be_decoded(track) and track.discard != Discard.all]
    return next((track for track in usable if has_flag(track, "default")), usable[0] if usable else None)


def select_tracks(container: Any, path: Path, choice: TrackChoice) -> None:
    """Have the demuxer pass over all tracks but those chosen.

    Raises:
        UsageError: there is no such track or channel, or it cannot be decoded.
    """
    for kind, tracks, number in (
        ("video", video_tracks(container), choice.video),
        ("audio", audio_tracks(container), choice.audio),
    ):
        if number is None:
            continue
        if not 1 <= number <= len(tracks):
            raise UsageError(f"{path} has no {kind} track {number}: {_listed(kind, tracks)}")
        if not can_be_decoded(tracks[number - 1]):
            raise UsageError(f"{kind} track {number} of {path} cannot be decoded: {_listed(kind, tracks)}")
        for track in tracks:
            if track is not tracks[number - 1]:
                track.discard = Discard.all
    sound = preferred(audio_tracks(container))
    if choice.channel is not None and sound is not None:
        channels = len(sound.codec_context.layout.channels)
        if not MIX <= choice.channel <= channels:
            raise UsageError(
                f"the sound of {path} has {channels} channel{'s' if channels > 1 else ''}, "
                f"so there is no channel {choice.channel}"
            )


def described(track: Any) -> str:
    """Codec, language and title of a track, as far as they are stated."""
    codec = "unknown codec" if track.codec_context is None else track.codec_context.codec.canonical_name
    title = track.metadata.get("title")
    language = track.language if track.language not in {None, "und"} else None
    return ", ".join(part for part in (codec, language, f"“{title}”" if title else None) if part)


def has_flag(stream: Any, name: str) -> bool:
    """Whether its disposition says so, e.g. "default"."""
    return bool(stream.disposition & getattr(type(stream.disposition), name))


def _listed(kind: str, tracks: Sequence[Any]) -> str:
    if not tracks:
        return f"it holds no {kind}"
    each = (f"{number} ({described(track)})" for number, track in enumerate(tracks, start=1))
    return f"its {kind} tracks are {', '.join(each)}"
