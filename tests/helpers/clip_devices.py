"""A camera and a microphone that show and play a clip on the session's clock, as it is."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from live_sentiment.core.clock import Clock
from live_sentiment.core.types import VideoFrame
from live_sentiment.sources.capture import CapturedSound, CaptureListener, Device, DeviceHealth
from live_sentiment.sources.media.media import MediaSource

BLOCK_S = Fraction(32, 1000)


class ClipDevice:
    """One of the two, started `after_s` into the session."""

    def __init__(self, device: Device, clip: Path, clock: Clock, after_s: float) -> None:
        self._device, self._clip, self._clock, self._after_s = device, clip, clock, after_s
        self._stop = threading.Event()

    def open(self) -> None:
        pass

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        play = self._show if self._device == "camera" else self._play
        self._thread = threading.Thread(target=play, args=(listener, zero_s), name=self._device)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def join(self, timeout_s: float | None = None) -> bool:
        self._thread.join()
        return True

    def health(self) -> DeviceHealth:
        return DeviceHealth(self._device, self._clip.name, "running")

    def _hold(self, time_s: float, zero_s: float) -> bool:
        return self._clock.sleep(zero_s + time_s - self._clock.now_s(), self._stop)

    def _show(self, listener: CaptureListener, zero_s: float) -> None:
        for item in MediaSource(self._clip):
            if isinstance(item, VideoFrame):
                time_s = round(item.time_s + self._after_s, 3)
                if self._hold(time_s, zero_s):
                    return
                listener.picture(VideoFrame(item.image, time_s))

    def _play(self, listener: CaptureListener, zero_s: float) -> None:
        samples, rate_hz = sound_of(self._clip)
        start = Fraction(round(self._after_s * 1000), 1000)
        step = int(BLOCK_S * rate_hz)
        for first in range(0, len(samples), step):
            sound = CapturedSound(samples[first : first + step], rate_hz, start + Fraction(first, rate_hz))
            if self._hold(float(sound.end), zero_s):
                return
            listener.sound(sound)


def sound_of(clip: Path) -> tuple[np.ndarray, int]:
    """The sound of a clip as a device gives it: int16 of shape (n, channels), and its rate."""
    with av.open(str(clip)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("s16", stream.layout, stream.rate)
        frames = [piece for frame in container.decode(stream) for piece in resampler.resample(frame)]
        channels = len(stream.layout.channels)
        pieces = [frame.to_ndarray().reshape(-1, channels) for frame in frames]
        return np.concatenate(pieces), stream.rate
