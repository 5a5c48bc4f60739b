"""What a session shows of itself at one moment: made by the session, read by the dashboard on its thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from live_sentiment.core.types import Event, ImageArray, Modality, TimelinePoint, Word
from live_sentiment.sources.capture import DeviceHealth
from live_sentiment.streams.gauges import Gauges

State: TypeAlias = Literal["starting", "running", "finishing", "finished", "failed"]

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in pixels."""

HISTORY_S = 60.0
"""A snapshot looks back this far, so that an hour-old session costs no more to show than a young one."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture that the face stage has looked at: the very array, which nobody writes to."""

    image: ImageArray
    """Shape (height, width, 3), uint8, BGR."""
    time_s: float
    boxes: tuple[Box, ...] = ()
    """Every face in it."""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """How one bounded channel stands."""

    name: str
    depth: int
    """Items that wait in it."""
    age_s: float
    """How long the oldest of them has waited."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Items lost so far, by cause."""


def stream_healths(gauges: Gauges) -> tuple[StreamHealth, ...]:
    """How every channel of a session stands."""
    return tuple(
        StreamHealth(name, queue.depth, queue.oldest_s, queue.dropped)
        for name, queue in gauges.queues().items()
    )


@dataclass(frozen=True, slots=True)
class RecordingHealth:
    """How the recording of a live session is doing."""

    folder: Path
    bytes_written: int = 0
    free_bytes: int | None = None
    """Left on that disk; None where the system does not say."""
    stopped: str | None = None
    """Why nothing is recorded any more, for people; None while it is."""


@dataclass(frozen=True, slots=True)
class LiveHealth:
    """What only a live session has to tell."""

    devices: tuple[DeviceHealth, ...] = ()
    lag_s: float = 0.0
    """How far the analysis is behind the present moment, all stages together."""
    provisional_lag_s: tuple[float, float] = (0.0, 0.0)
    """p50 and p95 of the age of provisional results when they were published."""
    final_lag_s: tuple[float, float] = (0.0, 0.0)
    """Likewise of final ones."""
    real_time_factor: float | None = None
    """Seconds of work per second of the session, on the busiest thread: at 1 it can just keep up."""
    lowered: tuple[str, ...] = ()
    """What was given up to keep up, in the order in which it was, for people; of one kind the strongest."""
    degradation_level: int = 0
    """Steps of quality given up, each counted."""
    recording: RecordingHealth | None = None
    """None where nothing is recorded."""
    paused: bool = False
    switched_off: tuple[Modality, ...] = ()
    markers: int = 0
    """Markers dropped so far."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session at one moment; nothing in it changes any more."""

    source: str
    """What a person calls the source: the file's name, the camera's."""
    state: State
    start_s: float = 0.0
    """Session time at which the analysis begins."""
    position_s: float = 0.0
    """Session time that has been analysed."""
    duration_s: float | None = None
    """Session time at which it will end; None where the source has no end or does not say."""
    elapsed_s: float = 0.0
    """Time since the analysis began, on the wall."""
    real_time_factor: float | None = None
    """Seconds of work per second of media: below 1 is faster than real time. None before it is known."""
    latest: TimelinePoint | None = None
    """The newest point, provisional or final."""
    finals: tuple[TimelinePoint, ...] = ()
    """Final points of the last HISTORY_S."""
    provisionals: tuple[TimelinePoint, ...] = ()
    """Provisional points newer than the last final."""
    words: tuple[Word, ...] = ()
    """Words committed in the last HISTORY_S."""
    partial_words: tuple[Word, ...] = ()
    """The transcriber's guess behind them."""
    picture: Picture | None = None
    """The newest one looked at; None before the first, and where none belongs to what is shown."""
    events: tuple[Event, ...] = ()
    """The latest events, oldest first."""
    streams: tuple[StreamHealth, ...] = ()
    models: Mapping[str, str] = field(default_factory=dict)
    """Which model does what, e.g. "speech" → "whisper-tiny.en"."""
    device: str = ""
    """What torch computes on."""
    outputs: tuple[Path, ...] = ()
    """The files that are being written."""
    failure: str | None = None
    """Why the session failed, for people."""
    live: LiveHealth | None = None
    """Of a live session."""
