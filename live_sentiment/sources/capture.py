"""What a capture device hands over: pictures and sound on the session's clock, and news of itself.

A device runs a thread of its own and calls its listener from there. Everything it says is stamped with
session time; who listens need not know when it was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.types import Event, VideoFrame

Device: TypeAlias = Literal["camera", "microphone"]

DeviceState: TypeAlias = Literal["opening", "running", "lost", "stopped"]
"""opening → running ⇄ lost, and any of them → stopped."""


@dataclass(frozen=True, slots=True)
class CapturedSound:
    """A stretch of sound as the device gives it, drift taken out: sample n lies at start + n / rate_hz."""

    samples: NDArray[np.int16]
    """Shape (n, channels); what is recorded and what is analysed are the same bits."""
    rate_hz: int
    start: Fraction
    """Session time of the first sample in seconds, exactly. Consecutive stretches join without a gap; one
    that does not begins at a whole millisecond, the resolution of the recording."""

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.int16:
            raise ValueError(
                f"samples must be int16 of shape (n, channels), not {self.samples.dtype} {self.samples.shape}"
            )

    @property
    def end(self) -> Fraction:
        """Session time just after the last sample."""
        return self.start + Fraction(len(self.samples), self.rate_hz)

    def __repr__(self) -> str:
        return f"CapturedSound({float(self.start):.3f}..{float(self.end):.3f} s, {self.rate_hz} Hz)"


class CaptureListener(Protocol):
    """Is called from the threads of the devices, each in order of time; returns quickly and never raises."""

    def picture(self, frame: VideoFrame) -> None:
        """A frame; its time is that of the grab, in whole milliseconds, later than the one before."""
        ...

    def sound(self, sound: CapturedSound) -> None:
        """The next stretch of sound."""
        ...

    def nothing(self, device: Device, until_s: float) -> None:
        """Nothing has come from a device that is lost, and nothing before `until_s` will come any more."""
        ...

    def lost(self, device: Device, at_s: float, reason: str) -> None:
        """The device has given nothing since session time `at_s`; `reason` is short: "camera lost"."""
        ...

    def back(self, device: Device, at_s: float) -> None:
        """The device gives again, from session time `at_s` on."""
        ...

    def event(self, event: Event) -> None:
        """Something else that a reader of the timeline should know: a gap, a frozen picture."""
        ...


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """How a device is doing."""

    device: Device
    name: str
    """As the system names it, or the address of a network camera."""
    state: DeviceState
    rate_hz: float = 0.0
    """Frames per second as measured over the last seconds, or the sample rate."""
    width_px: int = 0
    height_px: int = 0
    channels: int = 0
    level_dbfs: float | None = None
    """Loudness (root mean square) of the last stretch of sound, 0 is full scale."""
    drift_ppm: float | None = None
    """By how much the device's clock is fast against the host's, in parts per million; None while unknown."""
    delay_s: float = 0.0
    """What the device says of its own delay, taken off the stamps already."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Frames or samples lost so far, by cause."""
    gaps: int = 0
    """How often something was missing ..."""
    gap_s: float = 0.0
    """... and how long in sum, in seconds."""


class CaptureDevice(Protocol):
    """A camera or a microphone: opened, started, stopped, joined, in this order, once."""

    def open(self) -> None:
        """Open it for the first time, on the caller's thread.

        Raises:
            UsageError: it is not there, busy or not permitted; says what to do on this system.
        """
        ...

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        """Begin to capture on a thread of its own; session time is 0 where the clock showed `zero_s`."""
        ...

    def stop(self) -> None:
        """Ask it to end; returns at once. May be called more than once, and from any thread."""
        ...

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until its thread has ended and the listener will hear no more. Returns whether it has."""
        ...

    def health(self) -> DeviceHealth:
        """How it is doing; from any thread."""
        ...
