"""Opens a device for a moment, shows what it gives, and says how much that was."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.text import Text

from live_sentiment.core.errors import UsageError
from live_sentiment.sources import devices
from live_sentiment.terminal.live_status import SILENCE_DBFS, device_line
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import ALERT

if TYPE_CHECKING:
    from rich.console import Console

    from live_sentiment.core.clock import Clock
    from live_sentiment.core.types import Event, VideoFrame
    from live_sentiment.sources.capture import CaptureDevice, CapturedSound, Device, DeviceHealth

CHECK_S = 2.0
STEP_S = 0.1
"""Between two looks at the device."""


class Tally:
    """A `CaptureListener` that counts."""

    def __init__(self) -> None:
        self.pictures = self.samples = 0
        self.first_s = self.last_s = 0.0
        self.problem: str | None = None

    def picture(self, frame: VideoFrame) -> None:
        """Count a picture."""
        self.first_s = self.first_s if self.pictures else frame.time_s
        self.last_s = frame.time_s
        self.pictures += 1

    def sound(self, sound: CapturedSound) -> None:
        """Count samples."""
        self.samples += len(sound.samples)

    def nothing(self, device: Device, until_s: float) -> None:
        """Time passes without anything to count."""

    def lost(self, device: Device, at_s: float, reason: str) -> None:
        """Keep why."""
        self.problem = reason

    def back(self, device: Device, at_s: float) -> None:
        """It gives again, so all is well."""
        self.problem = None

    def event(self, event: Event) -> None:
        """Nothing: a moment's trouble shows in what was counted."""

    @property
    def fps(self) -> float | None:
        """Measured between the first picture and the last; None for fewer than two."""
        return (self.pictures - 1) / (self.last_s - self.first_s) if self.pictures > 1 else None


def check(
    kind: str, index: int, make: Callable[[], CaptureDevice], clock: Clock, console: Console
) -> dict[str, Any]:
    """Open a device for CHECK_S and show it meanwhile.

    Returns:
        Plain data: of a camera the pictures and "fps" measured, of a microphone the samples and the loudest
        "level_dbfs"; "problem" where it cannot be opened or gave nothing.
    """
    label = f"{kind} {index}"
    try:
        with ExitStack() as closing:
            return _watch(label, devices.open_until(closing, make()), clock, console)
    except UsageError as error:
        console.print(Text.assemble(f"{label}: ", (printable(str(error)), ALERT)))
        return {"problem": str(error)}


def _watch(label: str, device: CaptureDevice, clock: Clock, console: Console) -> dict[str, Any]:
    tally, loudest_dbfs = Tally(), None
    start_s = clock.now_s()
    device.start(tally, start_s)
    meter = (
        Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else nullcontext()
    )
    with meter as display:
        while clock.now_s() - start_s < CHECK_S:
            clock.sleep(STEP_S, threading.Event())
            health = device.health()
            levels = [level for level in (loudest_dbfs, health.level_dbfs) if level is not None]
            loudest_dbfs = max(levels, default=None)
            if display is not None:
                display.update(_line(label, health), refresh=True)
    problem = tally.problem or (None if tally.pictures or tally.samples else "it gives nothing")
    line = _line(label, health if tally.fps is None else replace(health, rate_hz=tally.fps))
    console.print(line.append(f"  {problem}", style=ALERT) if problem else line, soft_wrap=True)
    counted: dict[str, Any] = (
        {"pictures": tally.pictures, "fps": None if tally.fps is None else round(tally.fps, 2)}
        if health.device == "camera"
        else {
            "samples": tally.samples,
            "level_dbfs": None if loudest_dbfs is None else round(max(loudest_dbfs, SILENCE_DBFS), 1),
        }
    )
    return counted | {"problem": problem}


def _line(label: str, health: DeviceHealth) -> Text:
    line = Text(f"{label}: ") + device_line(health)
    line.no_wrap = True
    return line
