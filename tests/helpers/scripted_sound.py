"""A sound card that plays by a script, on a virtual clock: for tests of the microphone.

It hears a sine whose phase is a matter of the clock's time alone, so that what arrives tells to the
microsecond when it was recorded.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event, FloatArray, VideoFrame
from live_sentiment.sources.capture import CapturedSound, Device
from live_sentiment.sources.microphone.backend import Heard, MicrophoneInfo
from tests.helpers.virtual_clock import VirtualClock

TONE_HZ = 100.0
LEVEL = 0.5


def tone(times_s: NDArray[np.float64]) -> FloatArray:
    """What can be heard at these times of the clock."""
    return (LEVEL * np.sin(2 * np.pi * TONE_HZ * times_s)).astype(np.float32)


def microphone(
    rate_hz: int = 48_000, channels: int = 1, name: str = "Desk", index: int = 0
) -> MicrophoneInfo:
    return MicrophoneInfo(index, name, "Scripted", channels, rate_hz, is_default=index == 0)


@dataclass
class Script:
    """What the sound card does; times are the clock's."""

    unplugged: Sequence[tuple[float, float]] = ()
    """The microphone is away between these times: its stream ends, and it is not listed."""
    mute: Sequence[tuple[float, float]] = ()
    """The callback is not called between these times, though the stream says it is active."""
    busy: Sequence[tuple[float, float]] = ()
    """Opening it fails between these times."""
    hangs: Sequence[tuple[float, float]] = ()
    """A call made in the first moment of these times returns at the last."""
    lost: Sequence[tuple[float, float]] = ()
    """Sound between these times never arrives; the next callback has its overflow flag set."""
    stolen: Sequence[tuple[float, float]] = ()
    """The same without a flag."""
    drift_ppm: float = 0.0
    latency_s: float = 0.05
    jitter_s: float = 0.0
    """Callbacks come late by up to this, and the age they are told is wrong by up to this."""
    age: Callable[[float, float], float] = field(default=lambda _now_s, age_s: age_s)
    """What the callback is told of the age of its first sample, given the clock and the truth."""


class ScriptedCard:
    """A `SoundBackend` with one microphone, or with others beside it."""

    def __init__(self, clock: VirtualClock, script: Script, *infos: MicrophoneInfo) -> None:
        self.clock, self.script, self.infos = clock, script, infos or (microphone(),)
        self.streams: list[ScriptedStream] = []
        self.refreshed = 0
        self.abandoned = False
        self._listed = list(self.infos)

    def within(self, times: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
        now_s = self.clock.now_s()
        return next(((start, end) for start, end in times if start <= now_s < end), None)

    def microphones(self) -> list[MicrophoneInfo]:
        return self._listed

    def refresh(self) -> None:
        self.hang()
        assert all(stream.closed.is_set() for stream in self.streams)
        self.refreshed += 1
        away = self.within(self.script.unplugged)
        self._listed = list(self.infos[1:] if away else self.infos)

    def open(self, info: MicrophoneInfo, block_s: float, heard: Heard) -> ScriptedStream:
        self.hang()
        if self.within(self.script.busy):
            raise UsageError("busy")
        assert info in self._listed
        self.streams.append(ScriptedStream(self, info, block_s, heard))
        return self.streams[-1]

    def abandon(self) -> None:
        self.abandoned = True

    def hang(self) -> None:
        hanging = self.within(self.script.hangs)
        if hanging:
            self.clock.sleep(hanging[1] - self.clock.now_s(), threading.Event())


class ScriptedStream:
    """Records from the moment it is opened, on a thread of its own."""

    def __init__(self, card: ScriptedCard, info: MicrophoneInfo, block_s: float, heard: Heard) -> None:
        self.card, self.info, self.heard = card, info, heard
        self.rate_hz, self.channels = info.rate_hz, info.recorded_channels
        self.latency_s = card.script.latency_s
        self.opened_s = card.clock.now_s()
        self.closed = threading.Event()
        self.active = True
        self.true_rate_hz = self.rate_hz * (1 + card.script.drift_ppm * 1e-6)
        self._frames = round(block_s * info.rate_hz)
        self._random = np.random.default_rng(len(card.streams))
        threading.Thread(target=self._run, name=f"sound card {len(card.streams)}", daemon=True).start()

    def close(self) -> None:
        self.closed.set()
        self.card.hang()

    def _run(self) -> None:
        script, clock = self.card.script, self.card.clock
        first, overflow = 0, False
        while True:
            times_s = self.opened_s + np.arange(first, first + self._frames) / self.true_rate_hz
            for start_s, end_s in (*script.lost, *script.stolen):
                if start_s <= times_s[0] < end_s:
                    overflow = (start_s, end_s) in script.lost
                    missing = math.ceil((end_s - times_s[0]) * self.true_rate_hz)
                    first, times_s = first + missing, times_s + missing / self.true_rate_hz
            late_s = self._random.uniform(0, script.jitter_s)
            due_s = float(times_s[-1]) + script.latency_s / 2 + late_s
            clock.sleep(due_s - clock.now_s(), self.closed)
            if self.closed.is_set():
                return
            if self.card.within(script.unplugged):
                self.active = False
                return
            if not self.card.within(script.mute):
                wrong_s = self._random.uniform(-script.jitter_s, script.jitter_s) / 2
                age_s = script.age(clock.now_s(), clock.now_s() - float(times_s[0]) + wrong_s)
                samples = np.repeat(tone(times_s)[:, None], self.channels, axis=1)
                self.heard(samples, age_s, overflow)
            first, overflow = first + self._frames, False


class Listener:
    """Keeps what it is told, and sees that nothing is told out of order."""

    def __init__(self) -> None:
        self.sounds: list[CapturedSound] = []
        self.events: list[Event] = []
        self.bounds: list[float] = []
        self.news: list[tuple[str, float, str]] = []
        self.reached_s = 0.0

    def picture(self, frame: VideoFrame) -> None:
        raise AssertionError("a microphone sees nothing")

    def sound(self, sound: CapturedSound) -> None:
        assert float(sound.start) >= self.reached_s - 1e-9
        self.reached_s = float(sound.end)
        self.sounds.append(sound)

    def nothing(self, device: Device, until_s: float) -> None:
        assert device == "microphone"
        assert until_s >= self.reached_s
        self.reached_s = until_s
        self.bounds.append(until_s)

    def lost(self, device: Device, at_s: float, reason: str) -> None:
        self.news.append(("lost", at_s, reason))

    def back(self, device: Device, at_s: float) -> None:
        self.news.append(("back", at_s, ""))

    def event(self, event: Event) -> None:
        self.events.append(event)
