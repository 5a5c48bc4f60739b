"""A video file that is shown as a camera would: each picture at its own time, none before."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from live_sentiment.core.clock import Clock
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray, VideoFrame
from live_sentiment.sources.camera.frame_device import EndedError
from live_sentiment.sources.media.media import MediaSource

_USUAL_PERIOD_S = 0.04


class FileCamera:
    """The pictures of one file, paced by its own timestamps; its sound is passed over.

    Args:
        path: the file.
        clock: paces it; the first picture comes at once.
        loop: begin again at the end, one frame period after the last picture, without a jump in time.
    """

    def __init__(self, path: Path, clock: Clock, loop: bool) -> None:
        self._source, self._clock, self._loop = MediaSource(path), clock, loop
        self._pictures = self._played()
        self._image: ImageArray | None = None
        self._start_s: float | None = None
        self._never = threading.Event()

    def open(self) -> None:
        """See whether it can be shown.

        Raises:
            UsageError: it cannot be read, or there are no pictures in it.
        """
        if not self._source.info.has_video:
            raise UsageError(f"{self._source.path} holds no pictures that could be shown as a camera")

    def grab(self) -> bool:
        """Wait until the next picture is due.

        Raises:
            EndedError: that was the last one, and the file is shown once.
        """
        frame, due_s = next(self._pictures, (None, 0.0))
        if frame is None:
            raise EndedError
        now_s = self._clock.now_s()
        if self._start_s is None:
            self._start_s = now_s - due_s
        self._clock.sleep(self._start_s + due_s - now_s, self._never)
        self._image = frame.image
        return True

    def retrieve(self) -> ImageArray | None:
        """The picture that was grabbed."""
        return self._image

    def release(self) -> None:
        """Close the file."""
        self._pictures.close()

    def _played(self) -> Generator[tuple[VideoFrame, float], None, None]:
        """Each picture and when it is due, seconds from the file's zero, over all repetitions."""
        begun_s = 0.0
        while True:
            first_s: float | None = None
            last_s, period_s = 0.0, _USUAL_PERIOD_S
            with closing(iter(self._source)) as items:
                for item in items:
                    if not isinstance(item, VideoFrame):
                        continue
                    if first_s is None:
                        first_s = item.time_s
                    else:
                        period_s = item.time_s - last_s
                    last_s = item.time_s
                    yield item, begun_s + item.time_s - first_s
            if first_s is None or not self._loop:
                return
            begun_s += last_s - first_s + period_s
