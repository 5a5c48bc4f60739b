"""What tests of outlets share: a session whose story goes to a sink and to a timeline file alike."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live_sentiment.core.config import Config
from live_sentiment.runtime.file_session import FileSession
from live_sentiment.sinks.protocol import Sink
from live_sentiment.sinks.reader import RecordedTimeline, read_timeline
from tests.helpers.media_factory import flashes, silence, write_media
from tests.helpers.scripted import ScriptedStages

WAIT_S = 10.0
"""What comes from another program or thread is given so long."""


def told_and_written(folder: Path, *sinks: Sink, seconds: float = 4.0) -> RecordedTimeline:
    """Analyse a short clip by rule, told to the sinks, and read back the file written of it."""
    clip = folder / "clip.mp4"
    write_media(clip, pictures=flashes(seconds, flash_s=1.0), sound=silence(seconds))
    replay = FileSession(clip, Config(), ScriptedStages(), folder / "results", sinks=sinks)  # type: ignore[arg-type]
    replay.run()
    return read_timeline(folder / "results" / "timeline.jsonl")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback that nobody listens to."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Inbox:
    """What comes in from another thread, waited for."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._changed = threading.Condition()

    def put(self, item: Any) -> None:
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def wait_for(self, enough: Callable[[list[Any]], object]) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self.items), WAIT_S), self.items
            return list(self.items)
