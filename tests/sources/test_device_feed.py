"""The feed of a live session, where its devices fail at their start or their end."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from live_sentiment.core.clock import MonotonicClock
from live_sentiment.sources.capture import CaptureListener, DeviceHealth
from live_sentiment.sources.device_feed import LiveFeed
from live_sentiment.sources.feed import FeedOutputs
from live_sentiment.streams.channel import Channel


class Silent:
    """A device that gives nothing, and may fail when it is started or stopped."""

    def __init__(self, fails_at: str = "") -> None:
        self.fails_at, self.told = fails_at, list[str]()

    def _tell(self, what: str) -> None:
        if what == self.fails_at:
            raise SystemExit(f"{what} failed")
        self.told.append(what)

    def open(self) -> None:
        pass

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        self._tell("start")

    def stop(self) -> None:
        self._tell("stop")

    def join(self, timeout_s: float | None = None) -> bool:
        self._tell("join")
        return True

    def health(self) -> DeviceHealth:
        return DeviceHealth("camera", "silent", "running")


def feed_of(camera: Silent, microphone: Silent) -> tuple[LiveFeed, FeedOutputs]:
    clock = MonotonicClock()
    devices: Any = {"camera": camera, "microphone": microphone}
    feed = LiveFeed(devices, {}, clock, clock.now_s(), frame_rate_hz=25.0)
    nobody: Any = SimpleNamespace()
    return feed, FeedOutputs(Channel(4), Channel(4), nobody, nobody, nobody)


@pytest.mark.parametrize("fails_at", ["stop", "join"])
def test_a_device_that_fails_at_its_end_leaves_no_channel_open(fails_at: str) -> None:
    camera, microphone = Silent(fails_at), Silent()
    feed, outlets = feed_of(camera, microphone)
    feed.start(outlets)
    feed.stop()
    for channel in (outlets.frames, outlets.sound):
        with pytest.raises(SystemExit, match=f"{fails_at} failed"):
            channel.get()
    feed.join()
    assert microphone.told == ["start", "stop", "join"]


def test_where_one_device_does_not_start_the_other_does_not_run_on() -> None:
    camera, microphone = Silent(), Silent("start")
    feed, outlets = feed_of(camera, microphone)
    with pytest.raises(SystemExit, match="start failed"):
        feed.start(outlets)
    assert camera.told == ["start", "stop"]
    feed.stop()
    feed.join()
    assert "capture" not in {thread.name for thread in threading.enumerate()}
