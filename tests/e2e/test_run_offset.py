"""Picture and sound on one clock: a flash and a beep of known times through a real camera and microphone."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.types import SAMPLE_RATE_HZ, AudioBlock, VideoFrame
from live_sentiment.sources.media.media import MediaSource
from tests.helpers import media_factory as factory
from tests.helpers.mjpeg import MjpegServer
from tests.helpers.pulse import MICROPHONE, SoundServer, sound_server

pytestmark = [pytest.mark.models, pytest.mark.realtime, pytest.mark.timeout(300)]

PERIOD_S, FLASH_S = 2.0, 1.0
SESSION_S = 14
SETTLED_S = 3.0
RATE_HZ = 48_000
LOUD = 0.1
TOLERANCE_S = 0.040
"""As far as picture and sound may be apart."""


def beeps() -> factory.Sound:
    """A beep every PERIOD_S, for longer than the session with its start."""
    one = factory.beeps(PERIOD_S, beep_s=0.5, rate_hz=RATE_HZ)
    return dataclasses.replace(one, samples=np.tile(one.samples, (1, 30)))


class Witness:
    """Hears what the microphone hears, beside the program, and knows when.

    Sound arrives in fragments, each a little late and some of them much. The earliest of all arrivals, set
    against the samples before it, places every sample.
    """

    def __init__(self, server: SoundServer) -> None:
        form = ["--raw", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=10"]
        self._recorder = subprocess.Popen(
            ["parec", f"--device={MICROPHONE}.monitor", *form],
            env={**os.environ, **server.environment},
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self._thread = threading.Thread(target=self._listen)
        self._pieces: list[np.ndarray] = []
        self._zero_s = np.inf

    def __enter__(self) -> Witness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.terminate()
        self._thread.join()
        self._recorder.wait(10)

    def beeps_s(self) -> np.ndarray:
        """When the beeps began, by the machine's monotonic clock."""
        samples = np.concatenate(self._pieces)
        return self._zero_s + beginnings(np.arange(len(samples)) / RATE_HZ, np.abs(samples) / 2**15)

    def _listen(self) -> None:
        assert self._recorder.stdout is not None
        count = 0
        with self._recorder.stdout as stdout:
            while data := os.read(stdout.fileno(), 1 << 16):
                self._pieces.append(np.frombuffer(data[: len(data) // 2 * 2], "<i2"))
                count += len(data) // 2
                self._zero_s = min(self._zero_s, time.monotonic() - count / RATE_HZ)


def beginnings(times_s: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Where it gets loud or bright after a third of a period without."""
    loud_s = times_s[levels > LOUD]
    return loud_s[np.diff(loud_s, prepend=-np.inf) > PERIOD_S / 3]


def phase(times_s: np.ndarray) -> float:
    """Where in the period events of one kind lie; on a busy machine some are seen late, hence the median."""
    turns = np.exp(2j * np.pi * (times_s - times_s[0]) / PERIOD_S)
    return float(times_s[0] + np.median(np.angle(turns)) / (2 * np.pi) * PERIOD_S)


def test_a_flash_and_a_beep_are_as_far_apart_as_they_were(
    pulled: None, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    clip = factory.write_media(
        tmp_path / "flash.mkv", pictures=factory.flashes(PERIOD_S, flash_s=FLASH_S), video_codec="libx264"
    )
    tone = factory.write_media(tmp_path / "beeps.wav", sound=beeps(), audio_codec="pcm_s16le")
    command = [sys.executable, "-m", "live_sentiment", "run", "--no-dashboard", "--json"]
    command += ["--duration", str(SESSION_S), "--output", str(tmp_path / "out")]
    with sound_server() as server, MjpegServer(clip) as camera, Witness(server) as witness:
        server.play(tone)
        subprocess.run(
            [*command, "--camera", camera.url],
            env={**os.environ, **server.environment},
            check=True,
            capture_output=True,
        )
        flash_s, beep_s = camera.zero_s + FLASH_S, witness.beeps_s()
    (media,) = (tmp_path / "out").glob("*/media.mkv")
    items = list(MediaSource(media, recording=True, start_s=SETTLED_S))
    pictures = [item for item in items if isinstance(item, VideoFrame)]
    sound = [item for item in items if isinstance(item, AudioBlock)]
    brightness = np.array([picture.image.mean() for picture in pictures])
    flashes = beginnings(np.array([picture.time_s for picture in pictures]), brightness / 255)
    heard = beginnings(
        np.concatenate([block.start_s + np.arange(len(block.samples)) / SAMPLE_RATE_HZ for block in sound]),
        np.abs(np.concatenate([block.samples for block in sound])),
    )
    assert len(flashes) >= 4
    assert len(heard) >= 4
    # Session zero is not known here, so it is only how far apart the two are that counts.
    seen_s, true_s = phase(heard) - phase(flashes), phase(beep_s) - flash_s
    offset_s = (seen_s - true_s + PERIOD_S / 2) % PERIOD_S - PERIOD_S / 2
    record_property("sound_after_picture_ms", round(1000 * offset_s, 1))
    assert abs(offset_s) <= TOLERANCE_S
