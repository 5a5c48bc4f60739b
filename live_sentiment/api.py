"""For programs: a file or a live session as points of a timeline. docs/python.md shows how.

Importing this loads no model and no library of weight; that waits for the first analysis.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from live_sentiment.core.config import Config
from live_sentiment.core.types import TimelinePoint
from live_sentiment.sinks.protocol import Sink
from live_sentiment.streams.channel import Channel

AHEAD = 64
"""Points that the analysis of a file may be ahead of the program that takes them."""


def analyze(
    path: str | Path,
    *,
    config: Config | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    provisional: bool = False,
    audio_track: int | None = None,
    video_track: int | None = None,
    channel: int | None = None,
) -> Generator[TimelinePoint]:
    """Analyse a media file, or the folder of a recorded session, and yield its points as they become final.

    Nothing is written. The analysis runs on threads of its own, a little ahead of the loop; leaving the loop
    early, or closing the generator, ends it. The models stay loaded for the next call.

    Args:
        path: anything that FFmpeg decodes.
        config: None is the default configuration; see `load_config`.
        start_s: where to begin in the file; None is its beginning.
        end_s: where to end.
        provisional: yield provisional points as well; `point.final` tells them apart.
        audio_track: counted from 1; None is, of several, the one with most speech.
        video_track: counted from 1; None is, of several, the one with most of a face.
        channel: of the sound, counted from 1; 0 is a mix of all, None that or the one with speech where the
            others are noise.

    Yields:
        Points in time order, one a hop; a provisional point comes before the final one of its time.

    Raises:
        UsageError: at the first point: the file cannot be read or holds no media, or a model does not exist.
        RunError: a model could not be fetched.
    """
    from live_sentiment.runtime.replay import Excerpt, Replay
    from live_sentiment.runtime.stages import open_stages
    from live_sentiment.sources.media.inputs import find_media
    from live_sentiment.sources.media.track_choice import TrackChoice

    config = Config() if config is None else config
    media = _the_one(find_media([str(path)]), path)
    points: Channel[TimelinePoint] = Channel(AHEAD)
    with open_stages(config) as stages:
        told = _Points(points, provisional)
        excerpt = Excerpt(start_s, end_s, tracks=TrackChoice(video_track, audio_track, channel))
        replay = Replay(media, config, stages, None, excerpt=excerpt, sinks=[told])
        with _running(replay, points):
            yield from points


class _LeftError(Exception):
    """Whoever takes the points has left: ends the analysis from inside."""


class _Points(Sink):
    """A sink that puts points into a channel, waiting where that is full."""

    def __init__(self, points: Channel[TimelinePoint], provisional: bool) -> None:
        self._points, self._provisional = points, provisional

    def point(self, point: TimelinePoint) -> None:
        if (point.final or self._provisional) and not self._points.put(point):
            raise _LeftError


@contextmanager
def _running(replay: Any, points: Channel[TimelinePoint]) -> Generator[None]:
    """Analyse on a thread, which has ended when this is left."""

    def run() -> None:
        try:
            replay.run()
        except _LeftError:
            pass
        except BaseException as error:
            points.fail(error)
        points.close()

    worker = threading.Thread(target=run, name="analyze", daemon=True)
    _cancelled_at_exit(points)
    worker.start()
    try:
        yield
    finally:
        points.cancel()
        worker.join()


def _the_one(media: list[Path], path: str | Path) -> Path:
    from live_sentiment.core.errors import UsageError

    if len(media) != 1:
        raise UsageError(f"{path} stands for {len(media)} files; analyse one at a time")
    return media[0]


_open: weakref.WeakSet[Channel[TimelinePoint]] = weakref.WeakSet()
_watcher: list[threading.Thread] = []
_watching = threading.Lock()


def _cancelled_at_exit(points: Channel[TimelinePoint]) -> None:
    """A generator that is never finished, as at a prompt, must not keep the interpreter from ending.

    The threads of its analysis wait for room, and the interpreter waits for them before it calls any other
    hook; that the main thread has ended is the first sign of it.
    """

    def watch() -> None:
        threading.main_thread().join()
        for channel in list(_open):
            channel.cancel()

    with _watching:
        _open.add(points)
        if not _watcher:
            _watcher.append(threading.Thread(target=watch, name="analyze at exit", daemon=True))
            _watcher[0].start()
