"""A camera that acts out a script on a virtual clock: hangs, freezes, breaks and comes back as told."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray
from tests.helpers.virtual_clock import VirtualClock

Act = Literal[
    "live",  # pictures with noise
    "same",  # one picture over and over
    "black",  # nothing but black
    "fail",  # grab says at once that there is nothing
    "hang",  # grab, or opening, never returns
    "throw",  # grab raises what nobody expects
    "garbled",  # pictures that cannot be decoded
    "absent",  # opening is refused; a grab fails
]


@dataclass(frozen=True)
class Part:
    """What the camera does from a moment on the clock until the next part."""

    from_s: float
    act: Act = "live"
    fps: float = 30.0
    size: tuple[int, int] = (48, 64)
    """Height and width."""


@dataclass
class Script:
    """One camera; `device` opens it once more."""

    clock: VirtualClock
    parts: list[Part]
    release_hangs: bool = False
    opened: list[float] = field(default_factory=list)
    """When it was opened, or the attempt was made, on the clock."""
    released: int = 0
    retrieved: int = 0
    freed: threading.Event = field(default_factory=threading.Event)
    """When set, whatever hangs goes on."""

    def device(self) -> ScriptedCamera:
        return ScriptedCamera(self)

    def now(self) -> Part:
        now_s = self.clock.now_s()
        return [part for part in self.parts if part.from_s <= now_s + 1e-9][-1]

    def hang(self) -> None:
        self.clock.sleep(math.inf, self.freed)


class ScriptedCamera:
    """A `FrameDevice`; each opening sees what the script says of its time."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._noise = np.random.default_rng()

    def open(self) -> None:
        self._script.opened.append(self._script.clock.now_s())
        act = self._script.now().act
        if act == "hang":
            self._script.hang()
        if act == "absent":
            raise UsageError("the camera is not there: plug it in")

    def grab(self) -> bool:
        script = self._script
        script.clock.sleep(1 / script.now().fps, threading.Event())
        act = script.now().act
        if act == "hang":
            script.hang()
            return False
        if act == "throw":
            raise RuntimeError("the driver is confused")
        return act not in {"fail", "absent"}

    def retrieve(self) -> ImageArray | None:
        script, part = self._script, self._script.now()
        script.retrieved += 1
        if part.act == "garbled":
            return None
        image = np.full((*part.size, 3), 0 if part.act == "black" else 90, np.uint8)
        image[:, ::2] += 0 if part.act == "black" else 60
        if part.act == "live":
            image += self._noise.integers(0, 3, image.shape, np.uint8)
        return image

    def release(self) -> None:
        if self._script.release_hangs:
            self._script.hang()
        self._script.released += 1
