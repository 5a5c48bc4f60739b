"""A Matroska file of pictures and sound that plays up to its last fraction of a second, whenever it ends.

The file is written in clusters of CLUSTER_MS, each handed to the system as a whole. What a killed process
leaves lacks only its last cluster, its length and its index; `repair` adds the latter two.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray
from live_sentiment.recording.tracks import PictureTrack, SoundTrack
from live_sentiment.sinks.atomic import create_file
from live_sentiment.sources.capture import CapturedSound

CLUSTER_MS = 200
"""Media in one cluster: what is lost when the process is killed, besides what still waits."""
PATIENCE_MS = 250
"""A packet waits so long for an earlier one of the other track; then that track has a gap."""
HEADER_WAIT_MS = 3000
"""The header names both tracks. One of which nothing has come by then is declared as DECLARED_*."""
DECLARED_SIZE_PX = (640, 480)
DECLARED_RATE_HZ = 48_000
DECLARED_CHANNELS = 1

MUXER_OPTIONS = {
    "cluster_time_limit": str(CLUSTER_MS),
    "flush_packets": "1",
    "max_interleave_delta": "1",  # in µs: packets come in their order already
    "avoid_negative_ts": "disabled",  # the first timestamp stays what it is
}


class ClusterFile:
    """The file under the container: counts its bytes, and takes back what was not written whole.

    Raises:
        UsageError: the file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.size = 0
        """Bytes up to the end of the last whole piece."""
        self.error: OSError | None = None
        """What the system said when a write failed."""
        try:
            self._file = create_file(path)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error

    def write(self, data: bytes) -> int:
        """Write all of it."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self.error = error
            raise
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As files do; the header is completed at the end."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As files do."""
        return self._file.tell()

    def mark(self) -> None:
        """Everything that was written is whole."""
        self.size = self._file.seek(0, os.SEEK_END)

    def take_back(self) -> None:
        """Cut off what came after the last mark; a failing disk may refuse, and readers pass over it."""
        with contextlib.suppress(OSError):
            self._file.truncate(self.size)

    def release(self) -> None:
        """Close the file; not named `close`, which the container would call too early."""
        with contextlib.suppress(OSError):
            self._file.close()


class MatroskaWriter:
    """Interleaves the packets of two tracks in the order of time, whatever order they come in.

    The tracks are declared with the size of the first picture and the rate of the first sound. Where one of
    the two does not come within HEADER_WAIT_MS of the other, the file is begun without waiting: the missing
    track is declared as DECLARED_SIZE_PX or DECLARED_RATE_HZ, and what comes later is fitted to that.

    Args:
        path: the file; one that is there is replaced.
        crf: quality of the pictures.
        has_video: whether pictures will come.
        has_audio: whether sound will come.
        patience_ms: how much later than the other one a track may be handed over.

    Raises:
        UsageError: the file cannot be created.
        OSError: (from every method) the disk is full or gone; what was written is intact.
        av.error.FFmpegError: (likewise) encoding failed.
    """

    def __init__(
        self, path: Path, crf: int, *, has_video: bool, has_audio: bool, patience_ms: int = PATIENCE_MS
    ) -> None:
        self._crf, self._patience_ms = crf, patience_ms
        self._file = ClusterFile(path)
        self._container: Any = av.open(self._file, "w", format="matroska", options=MUXER_OPTIONS)
        self._pictures: PictureTrack | None = None
        self._sounds: SoundTrack | None = None
        self._reached_ms: dict[str, Fraction | int] = {}
        if has_video:
            self._reached_ms["video"] = -1
        if has_audio:
            self._reached_ms["audio"] = -1
        self._first_ms: Fraction | int | None = None
        self._waiting: list[tuple[Fraction | int, int, Any]] = []
        self._order = itertools.count()
        self._begun = self._closed = False

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._file.size

    def picture(self, image: ImageArray, time_ms: int) -> bool:
        """Take a picture, shape (height, width, 3), BGR. Returns whether it was in order of time."""
        if self._pictures is None:
            self._pictures = PictureTrack(self._container, image.shape[1], image.shape[0], self._crf)
        if time_ms < 0 or not self._pictures.takes(time_ms):
            return False
        for packet in self._pictures.encode(image, time_ms):
            self._push(packet)
        self._reach("video", time_ms, time_ms)
        self._write()
        return True

    def sound(self, sound: CapturedSound) -> bool:
        """Take a stretch of sound. Returns whether it was in order of time."""
        if self._sounds is None:
            self._sounds = SoundTrack(self._container, sound.rate_hz, sound.samples.shape[1])
        if sound.start < 0 or not self._sounds.takes(sound):
            return False
        for end, packet in self._sounds.encode(sound):
            self._push(packet)
            self._reach("audio", sound.start * 1000, end * 1000)
            self._write()
        return True

    def close(self) -> None:
        """Write what waits, length and index; a file without a picture or a sound is left empty."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._pictures is not None or self._sounds is not None:
                for packet in self._pictures.finish() if self._pictures else ():
                    self._push(packet)
                self._write(everything=True)
            with self._guarded():
                self._container.close()
            self._file.mark()
        finally:
            self._file.release()

    def abandon(self) -> None:
        """Close the file as it is, without length and index, after an error."""
        self._closed = True
        self._file.take_back()
        self._file.release()

    def _reach(self, track: str, start_ms: Fraction | int, end_ms: Fraction | int) -> None:
        self._reached_ms[track] = end_ms
        if self._first_ms is None:
            self._first_ms = start_ms

    def _push(self, packet: Any) -> None:
        heapq.heappush(self._waiting, (packet.pts, next(self._order), packet))

    def _write(self, everything: bool = False) -> None:
        if not self._begun:
            missing = [track for track, reached in self._reached_ms.items() if reached < 0]
            waited_ms = max(self._reached_ms.values()) - (self._first_ms or 0)
            if missing and waited_ms < HEADER_WAIT_MS and not everything:
                return
            self._declare(missing)
            self._begun = True
        latest, earliest = max(self._reached_ms.values()), min(self._reached_ms.values())
        due_ms = max(earliest, latest - self._patience_ms)
        while self._waiting and (everything or self._waiting[0][0] <= due_ms):
            with self._guarded():
                self._container.mux_one(heapq.heappop(self._waiting)[2])
            self._file.mark()

    def _declare(self, missing: list[str]) -> None:
        if "video" in missing and self._pictures is None:
            self._pictures = PictureTrack(self._container, *DECLARED_SIZE_PX, self._crf)
        if "audio" in missing and self._sounds is None:
            self._sounds = SoundTrack(self._container, DECLARED_RATE_HZ, DECLARED_CHANNELS)

    @contextlib.contextmanager
    def _guarded(self) -> Any:
        """Raise what the system said of a failed write, which FFmpeg may hide."""
        try:
            yield
        finally:
            if self._file.error is not None:
                raise self._file.error
