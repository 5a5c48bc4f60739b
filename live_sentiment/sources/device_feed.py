"""A camera and a microphone as one feed: recorded as they are, analysed as a file would be.

Sound goes through the same assembler as a file's, so that the recording of a session, replayed, gives the
same blocks to the bit. Pictures are chosen by the same grid.

Threads: each device has its own and calls this feed from there; one more waits for the end, stops the
devices, and closes the channels behind the last that they gave.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import Absence, AudioBlock, Bound, Event, Modality, VideoFrame
from live_sentiment.sources.capture import CaptureDevice, CapturedSound, Device
from live_sentiment.sources.feed import FeedOutputs
from live_sentiment.sources.media.blocks import BlockAssembler
from live_sentiment.sources.media.mixdown import Mixdown
from live_sentiment.sources.media.sound import device_planes
from live_sentiment.streams.decimator import Decimator
from live_sentiment.streams.worker import Worker

MODALITIES_OF: Mapping[Device, tuple[Modality, ...]] = {
    "camera": ("vision",),
    "microphone": ("voice", "text"),
}
FOREVER_S = 1e6
"""Longer than any session, and short enough for every system's timers."""
STOP_S = 5.0
"""A device that has not stopped within this is left to itself: its thread is a daemon."""


@dataclass(slots=True)
class Disconnect:
    """A time in which a device was lost."""

    device: Device
    start_s: float
    reason: str
    end_s: float | None = None
    """None while it lasts."""


class Recorder(Protocol):
    """Takes everything that is captured, at once and without ever failing: the recorder."""

    def picture(self, frame: VideoFrame) -> None:
        """A frame, as it was captured."""
        ...

    def sound(self, sound: CapturedSound) -> None:
        """A stretch of sound, as it was captured."""
        ...


class LiveFeed:
    """Captures until it is stopped, or for `duration_s`.

    Args:
        devices: opened and not yet started, at most one of each kind.
        absent: why a modality will never come.
        clock: the one that stamps; session time is 0 at `zero_s`.
        zero_s: session zero on that clock.
        frame_rate_hz: at most so many frames per second are given to the analysis; the recorder gets all.
        duration_s: session time at which it ends; None: until it is stopped.
        recorder: records; None where nothing is.
    """

    def __init__(
        self,
        devices: Mapping[Device, CaptureDevice],
        absent: Mapping[Modality, str],
        clock: Clock,
        zero_s: float,
        *,
        frame_rate_hz: float,
        duration_s: float | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self._devices, self._absent = devices, absent
        self._clock, self._zero_s = clock, zero_s
        self._duration_s, self._recorder = duration_s, recorder
        self._grid = Decimator(frame_rate_hz)
        self._mix = Mixdown()
        self._blocks = BlockAssembler()
        self._captured_s: dict[Modality, float] = {}
        self._disconnects: list[Disconnect] = []
        self._outlets: FeedOutputs | None = None
        self._paused = False
        self._stop = threading.Event()
        self._worker = Worker("capture", self._run, on_failure=self._fail, clock=clock)

    @property
    def absent(self) -> Mapping[Modality, str]:
        """The modalities without a device."""
        return self._absent

    @property
    def captured_s(self) -> Mapping[Modality, float]:
        """Session time up to which each stream has been given to the analysis."""
        return dict(self._captured_s)

    @property
    def disconnects(self) -> Sequence[Disconnect]:
        """When devices were lost, and for how long."""
        return [replace(outage) for outage in self._disconnects]

    @property
    def paused(self) -> bool:
        """Whether what is captured is recorded only, and not analysed."""
        return self._paused

    def pause(self, paused: bool) -> None:
        """Give the analysis nothing, or something again."""
        self._paused = paused

    def start(self, outlets: FeedOutputs) -> None:
        """Start the devices; where one cannot start, none runs on."""
        self._outlets = outlets
        with ExitStack() as starting:
            for device in self._devices.values():
                device.start(self, self._zero_s)
                starting.callback(device.stop)
            self._worker.start()
            starting.pop_all()

    def stop(self) -> None:
        """Capture no more."""
        self._stop.set()

    def join(self) -> None:
        """Wait until the channels are closed, within a bound."""
        self._worker.join((len(self._devices) + 1) * STOP_S)

    def picture(self, frame: VideoFrame) -> None:
        """A frame from the camera."""
        if self._recorder is not None:
            self._recorder.picture(frame)
        if self._grid.takes(frame.time_s):
            self._give_picture(Bound(frame.time_s) if self._paused else frame)

    def sound(self, sound: CapturedSound) -> None:
        """Sound from the microphone."""
        if self._recorder is not None:
            self._recorder.sound(sound)
        if self._paused:
            self._pass_time(float(sound.end))
        else:
            samples = self._mix.mix(*device_planes(sound.samples), sound.rate_hz)
            # Its events speak of a file; a microphone tells its gaps itself.
            self._give_sound(self._blocks.add(samples, sound.rate_hz, sound.start))

    def nothing(self, device: Device, until_s: float) -> None:
        """A lost device lets time pass."""
        if device == "camera":
            self._give_picture(Bound(until_s))
        else:
            self._pass_time(until_s)

    def lost(self, device: Device, at_s: float, reason: str) -> None:
        """A device has stopped giving."""
        self._disconnects.append(Disconnect(device, at_s, reason))
        if device == "microphone":
            self._give_sound(self._blocks.finish())
        names = " and ".join(MODALITIES_OF[device])
        self.event(Event(at_s, f"{device}-lost", f"{reason}: {names} absent from here on"))
        for modality in MODALITIES_OF[device]:
            self._out.absent(Absence(modality, at_s, reason))

    def back(self, device: Device, at_s: float) -> None:
        """It gives again."""
        outage = next(gap for gap in reversed(self._disconnects) if gap.device == device)
        outage.end_s = at_s
        message = f"the {device} is back after {at_s - outage.start_s:.1f} s"
        self.event(Event(at_s, f"{device}-back", message))
        for modality in MODALITIES_OF[device]:
            self._out.back(modality, outage.reason, at_s)

    def event(self, event: Event) -> None:
        """Anything else."""
        self._out.event(event)

    @property
    def _out(self) -> FeedOutputs:
        assert self._outlets is not None
        return self._outlets

    def _give_picture(self, frame: VideoFrame | Bound) -> None:
        self._captured_s["vision"] = frame.time_s
        self._out.frames.put(frame)

    def _give_sound(self, items: Iterable[AudioBlock | Event]) -> None:
        for item in items:
            if isinstance(item, AudioBlock):
                self._captured_s["voice"] = self._captured_s["text"] = item.end_s
                self._out.sound.put(item)

    def _pass_time(self, until_s: float) -> None:
        self._give_sound(self._blocks.finish())
        self._give_sound([AudioBlock(np.zeros(0, np.float32), until_s)])

    def _run(self) -> None:
        end_s = FOREVER_S if self._duration_s is None else self._duration_s
        self._clock.sleep(self._zero_s + end_s - self._clock.now_s(), self._stop)
        with ExitStack() as ending:
            # Whatever one device does at its end, the other is ended too.
            for device in self._devices.values():
                ending.callback(device.join, STOP_S)
            for device in self._devices.values():
                ending.callback(device.stop)
        self._give_sound(self._blocks.finish())
        self._out.frames.close()
        self._out.sound.close()

    def _fail(self, error: BaseException) -> None:
        self._out.frames.fail(error)
        self._out.sound.fail(error)
