"""Decoding on a thread of its own: frames into one channel, sound into another, at any speed.

The thread puts items in the order of the file, so a full channel holds back both. That cannot lock up,
however badly a file is interleaved, as long as each channel is emptied by a thread that does not wait for the
other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, Protocol

from live_sentiment.core.types import AudioBlock, Bound, Event, VideoFrame
from live_sentiment.sources.media.pacing import Pacer
from live_sentiment.sources.media.reading import MediaItem
from live_sentiment.streams.channel import Channel


class Source(Protocol):
    """Gives the items of one recording, in order, each time it is iterated."""

    def __iter__(self) -> Generator[MediaItem, None, None]:
        """The items; closing the generator releases what it holds."""
        ...


class Decoder:
    """A thread that empties a source into channels and closes them; see `spawn_decoder`."""

    def __init__(
        self,
        source: Source,
        video: Channel[VideoFrame | Bound],
        audio: Channel[AudioBlock],
        on_event: Callable[[Event], None],
        pacer: Pacer | None = None,
    ) -> None:
        self._source, self._video, self._audio = source, video, audio
        self._on_event, self._pacer = on_event, pacer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decoder", daemon=True)

    def start(self) -> None:
        """Begin decoding."""
        self._thread.start()

    def stop(self) -> None:
        """Decode no more. What was decoded stays in the channels, which close as at the end of the file."""
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until the thread has ended. Returns whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._deliver()
        except BaseException as error:  # whatever it is belongs to the consumers: nobody looks at this thread
            self._video.fail(error)
            self._audio.fail(error)
        else:
            self._video.close()
            self._audio.close()

    def _deliver(self) -> None:
        video = audio = True
        with closing(iter(self._source)) as items:
            for item in items:
                if self._stop.is_set():
                    return
                if isinstance(item, Event):
                    self._on_event(item)
                elif isinstance(item, VideoFrame):
                    video = video and self._put(self._video, item, item.time_s)
                else:
                    audio = audio and self._put(self._audio, item, item.end_s)
                if not (video or audio):
                    return

    def _put(self, channel: Channel[Any], item: VideoFrame | AudioBlock, due_s: float) -> bool:
        if self._pacer is not None:
            self._pacer.hold(due_s, self._stop)
        return channel.put(item)


def spawn_decoder(
    source: Source,
    video: Channel[VideoFrame | Bound],
    audio: Channel[AudioBlock],
    on_event: Callable[[Event], None],
    pacer: Pacer | None = None,
) -> Decoder:
    """Start decoding `source` on a thread of its own.

    Both channels are closed at the end of the source, or fail with its error after what came before it. A
    consumer that cancels its channel is done without; when both have, decoding stops.

    Args:
        source: frames, blocks and events, e.g. a `MediaSource`; a generator is closed on the thread.
        video: receives the frames.
        audio: receives the blocks.
        on_event: called on the decoding thread with each event, in order.
        pacer: delivers as a live source would; None is as fast as the channels take it.
    """
    decoder = Decoder(source, video, audio, on_event, pacer)
    decoder.start()
    return decoder
