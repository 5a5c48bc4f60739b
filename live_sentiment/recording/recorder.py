"""Records a live session's pictures and sound on a thread of its own, so that capture never waits for a disk.

Every picture keeps the time of its grab to the millisecond (variable frame rate), every sound its samples bit
by bit; times are those of the session, so the first may lie behind zero. A gap stays a gap.
"""

from __future__ import annotations

import errno
import shutil
import threading
from collections import Counter, deque
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from live_sentiment.core.clock import Clock, MonotonicClock
from live_sentiment.core.config import RecordingConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import VideoFrame
from live_sentiment.recording.blur import HOLD_S, FaceBlur
from live_sentiment.recording.matroska import PATIENCE_MS, MatroskaWriter
from live_sentiment.recording.tracks import picture_encoder
from live_sentiment.runtime.snapshot import RecordingHealth
from live_sentiment.sources.capture import CapturedSound
from live_sentiment.streams.worker import described

QUEUE_BYTES = 64 * 2**20
"""Pictures and sound that may wait for the recorder's thread ..."""
QUEUE_S = 10.0
"""... and how long a time they may span."""
HELD_BYTES = 128 * 2**20
"""Pictures that may wait for the analysis to say where the faces are."""
RESERVE_BYTES = 64 * 2**20
"""Recording stops when less is free: the index of the file and the timeline must still fit on the disk ..."""
RESERVE_SHARE = 0.05
"""... or when this share of a smaller disk is left."""
CHECK_BYTES = 256 * 2**10
"""The free space is looked at after so many bytes written."""
CLOSE_S = 60.0
"""A disk that takes longer than this for what waits is given up."""

Item: TypeAlias = VideoFrame | CapturedSound


class MediaRecorder:
    """Writes media.mkv; any method may be called from any thread, none but `close` waits.

    What cannot be kept is dropped and counted in `dropped` as "picture …" or "sound …": "overrun" (the
    recorder's thread is behind), "out of order", "stopped" (recording has ended).

    Args:
        path: the file; one that is there is replaced.
        config: quality.
        has_video: whether pictures will come.
        has_audio: whether sound will come.
        blur: hides faces; pictures then wait for it up to HOLD_S.
        clock: that of the session; a virtual one then waits for the recorder as for everyone else.

    Raises:
        UsageError: the file cannot be created.
    """

    def __init__(
        self,
        path: Path,
        config: RecordingConfig,
        *,
        has_video: bool,
        has_audio: bool,
        blur: FaceBlur | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.path = path
        self.encoder = picture_encoder() if has_video else None
        """What encodes the pictures: "libx264", or a substitute in builds of FFmpeg without it."""
        patience_ms = PATIENCE_MS + (round(HOLD_S * 1000) if blur else 0)
        self._writer = MatroskaWriter(
            path, config.crf, has_video=has_video, has_audio=has_audio, patience_ms=patience_ms
        )
        self._blur, self._clock = blur, clock or MonotonicClock()
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._held: deque[VideoFrame] = deque()
        self._newest_s = 0.0
        self._dropped = Counter[str]()
        self._changed = threading.Condition()
        self._closing = False
        self._stopped: str | None = None
        self._checked_bytes = 0
        self._reserve_bytes = 0
        self._free_bytes = self._look_at_disk()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> Mapping[str, int]:
        """Pictures and stretches of sound that were not recorded, by cause."""
        with self._changed:
            return dict(self._dropped)

    def picture(self, frame: VideoFrame) -> None:
        """Take a picture."""
        self._put(frame)

    def sound(self, sound: CapturedSound) -> None:
        """Take a stretch of sound."""
        self._put(sound)

    def health(self) -> RecordingHealth:
        """How it is doing."""
        return RecordingHealth(self.path.parent, self._writer.size, self._free_bytes, self._stopped)

    def close(self) -> None:
        """Write what waits, complete the file and end the thread; a second call does nothing."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self._stop(f"the disk has not taken the last of it within {CLOSE_S:.0f} s")

    def _put(self, item: Item) -> None:
        size, time_s = _size(item), _time_s(item)
        with self._changed:
            if self._closing or self._stopped:
                self._drop(item, "stopped")
            elif self._items and (
                self._bytes + size > QUEUE_BYTES or time_s - _time_s(self._items[0]) > QUEUE_S
            ):
                self._drop(item, "overrun")
            else:
                self._items.append(item)
                self._bytes += size
                self._changed.notify_all()

    def _run(self) -> None:
        try:
            while (item := self._next()) is not None:
                self._take(item)
                self._check_disk()
                if self._stopped:
                    break
            self._release_held(everything=True)
            self._writer.close()
        except BaseException as error:  # whatever it is, the session goes on without a recording
            self._writer.abandon()
            self._stop(_explained(error))

    def _next(self) -> Item | None:
        with self._changed:
            self._clock.wait(self._changed, lambda: self._items or self._closing)
            if not self._items:
                return None
            item = self._items.popleft()
            self._bytes -= _size(item)
            return item

    def _take(self, item: Item) -> None:
        self._newest_s = max(self._newest_s, _time_s(item))
        if isinstance(item, CapturedSound):
            self._kept(item, self._writer.sound(item))
        elif self._blur is None:
            self._kept(item, self._writer.picture(item.image, _whole_ms(item)))
        else:
            self._held.append(item)
        self._release_held()

    def _release_held(self, everything: bool = False) -> None:
        """Write the pictures of which the analysis has said where the faces are, or has not said in time."""
        while self._held and self._blur is not None:
            frame = self._held[0]
            waited = self._newest_s - frame.time_s >= HOLD_S or len(self._held) * _size(frame) > HELD_BYTES
            if not (everything or waited or self._blur.knows(frame.time_s)):
                return
            self._held.popleft()
            self._kept(frame, self._writer.picture(self._blur(frame), _whole_ms(frame)))

    def _kept(self, item: Item, kept: bool) -> None:
        if not kept:
            with self._changed:
                self._drop(item, "out of order")

    def _drop(self, item: Item, cause: str) -> None:
        kind = "picture" if isinstance(item, VideoFrame) else "sound"
        self._dropped[f"{kind} {cause}"] += 1

    def _check_disk(self) -> None:
        written = self._writer.size - self._checked_bytes
        near_the_end = self._free_bytes is not None and self._free_bytes - written < self._reserve_bytes
        if written < CHECK_BYTES and not near_the_end:
            return
        self._checked_bytes += written
        self._free_bytes = self._look_at_disk()
        if self._free_bytes is not None and self._free_bytes < self._reserve_bytes:
            self._stop(_explained(OSError(errno.ENOSPC, "")))

    def _look_at_disk(self) -> int | None:
        try:
            usage = shutil.disk_usage(self.path.parent)
        except OSError:
            return None
        self._reserve_bytes = min(RESERVE_BYTES, int(usage.total * RESERVE_SHARE))
        return usage.free

    def _stop(self, reason: str) -> None:
        with self._changed:
            if self._stopped:
                return
            self._stopped = reason
            for item in self._items:
                self._drop(item, "stopped")
            self._items.clear()
            self._bytes = 0


def _size(item: Item) -> int:
    return item.image.nbytes if isinstance(item, VideoFrame) else item.samples.nbytes


def _time_s(item: Item) -> float:
    return item.time_s if isinstance(item, VideoFrame) else float(item.start)


def _whole_ms(frame: VideoFrame) -> int:
    return round(frame.time_s * 1000)


def _explained(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full"
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return "the file system takes no larger file"
    if isinstance(error, OSError | UsageError):
        return f"the recording cannot be written any more ({error})"
    return f"the recorder failed ({described(error)})"
