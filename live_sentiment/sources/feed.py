"""What feeds a session: a decoded file, or a camera and a microphone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from live_sentiment.core.types import Absence, AudioBlock, Bound, Event, Modality, VideoFrame
from live_sentiment.sources.media.decoder import Decoder, spawn_decoder
from live_sentiment.sources.media.media import MediaSource
from live_sentiment.sources.media.pacing import Pacer
from live_sentiment.streams.channel import Channel


@dataclass(frozen=True, slots=True)
class FeedOutputs:
    """Where a feed puts what it has; the callbacks may come from any thread."""

    frames: Channel[VideoFrame | Bound]
    sound: Channel[AudioBlock]
    """Blocks in order; one without samples says that nothing came before its time."""
    event: Callable[[Event], None]
    absent: Callable[[Absence], None]
    """A modality is missing from a moment on ..."""
    back: Callable[[Modality, str, float], None]
    """... and back: the modality, the reason of its absence, the session time."""


JOIN_S = 10.0
"""A decoder that hangs, on a network's disk for example, is left behind after this."""


class Feed(Protocol):
    """Fills a session's channels from threads of its own, and closes them at the end."""

    @property
    def absent(self) -> Mapping[Modality, str]:
        """The modalities that will never come, with the reason."""
        ...

    @property
    def captured_s(self) -> Mapping[Modality, float]:
        """Session time up to which each stream has been given, where that does not wait for the analysis."""
        ...

    def start(self, outlets: FeedOutputs) -> None:
        """Begin; returns at once."""
        ...

    def stop(self) -> None:
        """Give no more. What was given stays in the channels, which close as at the end."""
        ...

    def join(self) -> None:
        """Wait until its threads have ended, within a bound."""
        ...


class FileFeed:
    """A media file, decoded as fast as the channels take it, or at a pace.

    Args:
        source: the opened media.
        pacer: delays delivery to the media's own pace; None is as fast as possible.
    """

    def __init__(self, source: MediaSource, pacer: Pacer | None = None) -> None:
        self._source, self._pacer = source, pacer
        self._decoder: Decoder | None = None

    @property
    def absent(self) -> Mapping[Modality, str]:
        """The modalities whose track the file does not have."""
        absent: dict[Modality, str] = {}
        if not self._source.info.has_video:
            absent["vision"] = "no video track"
        if not self._source.info.has_audio:
            absent["voice"] = absent["text"] = "no audio track"
        return absent

    @property
    def captured_s(self) -> Mapping[Modality, float]:
        """None: a file waits."""
        return {}

    def start(self, outlets: FeedOutputs) -> None:
        """Begin to decode."""
        self._decoder = spawn_decoder(self._source, outlets.frames, outlets.sound, outlets.event, self._pacer)

    def stop(self) -> None:
        """Decode no more."""
        if self._decoder is not None:
            self._decoder.stop()

    def join(self) -> None:
        """Wait for the decoding thread."""
        if self._decoder is not None:
            self._decoder.join(JOIN_S)
