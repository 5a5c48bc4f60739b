"""A listener that keeps what capture devices say."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from live_sentiment.core.types import Event, VideoFrame
from live_sentiment.sources.capture import CapturedSound, Device

T = TypeVar("T")


class Heard:
    """A `CaptureListener`; every list is in the order in which it was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, float]] = []
        """Everything, as (method, session time)."""
        self.pictures: list[VideoFrame] = []
        self.losses: list[tuple[float, str]] = []
        self.returns: list[float] = []
        self.bounds: list[float] = []
        self.events: list[Event] = []
        self._changed = threading.Condition()

    @property
    def times(self) -> list[float]:
        """Of the pictures."""
        return [frame.time_s for frame in self.pictures]

    @property
    def kinds(self) -> list[str]:
        """Of the events."""
        return [event.kind for event in self.events]

    def in_order(self) -> bool:
        """Whether no picture lies at or before an earlier one or a bound that was told before it."""
        reached_s = -1.0
        for what, time_s in self.said:
            if what in {"picture", "nothing"}:
                if time_s <= reached_s:
                    return False
                reached_s = time_s
        return True

    def wait_for(self, condition: Callable[[], object], within_s: float) -> None:
        """Wait, on the wall, until something said makes the condition true; fails the test otherwise."""
        with self._changed:
            assert self._changed.wait_for(condition, within_s), f"not within {within_s} s: {self.said[-5:]}"

    def picture(self, frame: VideoFrame) -> None:
        self._say("picture", frame.time_s, self.pictures, frame)

    def sound(self, sound: CapturedSound) -> None:
        raise AssertionError("a camera gives no sound")

    def nothing(self, device: Device, until_s: float) -> None:
        self._say("nothing", until_s, self.bounds, until_s)

    def lost(self, device: Device, at_s: float, reason: str) -> None:
        self._say("lost", at_s, self.losses, (at_s, reason))

    def back(self, device: Device, at_s: float) -> None:
        self._say("back", at_s, self.returns, at_s)

    def event(self, event: Event) -> None:
        self._say("event", event.time_s, self.events, event)

    def _say(self, what: str, time_s: float, kept: list[T], item: T) -> None:
        with self._changed:
            self.said.append((what, time_s))
            kept.append(item)
            self._changed.notify_all()
