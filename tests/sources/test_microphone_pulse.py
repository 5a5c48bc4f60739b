"""The microphone on a real sound server: PortAudio, ALSA and PulseAudio, in real time."""

from __future__ import annotations

import os
import threading
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from live_sentiment.core.clock import MonotonicClock
from live_sentiment.core.config import MicrophoneConfig
from live_sentiment.sources.capture import CapturedSound
from live_sentiment.sources.microphone.listing import choose_microphone, list_microphones
from live_sentiment.sources.microphone.microphone import Microphone
from live_sentiment.sources.microphone.portaudio import PortAudio
from tests.helpers.pulse import MICROPHONE, SoundServer, sound_server
from tests.helpers.scripted_sound import Listener

TONE_HZ = 1000.0
LEVEL = 0.25
PATIENCE_S = 10.0


@pytest.fixture(scope="module")
def server() -> Iterator[SoundServer]:
    with sound_server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        PortAudio().refresh()
        yield server
        patch.undo()
        PortAudio().refresh()


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    rate_hz = 48_000
    samples = LEVEL * 32767 * np.sin(2 * np.pi * TONE_HZ * np.arange(30 * rate_hz) / rate_hz)
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


class Recording:
    """A microphone that records into a listener for as long as the block lasts."""

    def __init__(self) -> None:
        self.listener, self.clock = Listener(), MonotonicClock()
        self.device = Microphone(choose_microphone(MICROPHONE), MicrophoneConfig(), self.clock)

    def __enter__(self) -> Recording:
        self.device.open()
        self.zero_s = self.clock.now_s()
        self.device.start(self.listener, self.zero_s)
        return self

    def __exit__(self, *_: object) -> None:
        self.device.stop()
        assert self.device.join(2.0)

    def now_s(self) -> float:
        return self.clock.now_s() - self.zero_s

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for something that takes real time."""
        give_up_s = time.monotonic() + PATIENCE_S
        while not happened():
            assert time.monotonic() < give_up_s, f"not within {PATIENCE_S} s; {self.listener.news}"
            threading.Event().wait(0.02)

    def sounding(self) -> list[CapturedSound]:
        """What was heard while something played."""
        return [sound for sound in self.listener.sounds if np.abs(sound.samples).max() > 1000]


def test_the_sound_servers_microphone_is_listed(server: SoundServer) -> None:
    by_name = {info.name: info for info in list_microphones()}
    assert {MICROPHONE, "default"} <= by_name.keys()
    assert by_name[MICROPHONE].host_api == "ALSA"
    assert choose_microphone(None).is_default


def test_what_is_played_is_heard_at_its_pitch_and_loudness(server: SoundServer, tone: Path) -> None:
    with Recording() as recording:
        player = server.play(tone)
        recording.until(lambda: len(recording.sounding()) > 50)
        health = recording.device.health()
        player.terminate()
    heard = recording.sounding()[5:-5]
    samples = np.concatenate([sound.samples[:, 0] for sound in heard]) / 32768
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    loudest_hz = float(np.fft.rfftfreq(len(samples), 1 / heard[0].rate_hz)[spectrum.argmax()])
    # While the clock closes in on the truth, the pitch may be off by half a percent.
    assert loudest_hz == pytest.approx(TONE_HZ, rel=0.005)
    loudness = [np.sqrt(2 * np.mean(np.square(sound.samples / 32768))) for sound in heard]
    assert np.median(loudness) == pytest.approx(LEVEL, rel=0.02)
    assert health.state == "running"
    assert health.level_dbfs is not None
    assert health.level_dbfs > -30.0
    assert not recording.listener.news
    assert float(recording.listener.sounds[0].start) < 0.5


def test_a_microphone_pulled_out_and_put_in_again_is_taken_back(server: SoundServer) -> None:
    with Recording() as recording:
        recording.until(lambda: recording.listener.sounds)
        pulled_s = recording.now_s()
        server.unplug()
        recording.until(lambda: recording.listener.news)
        told_s = recording.now_s()
        recording.until(lambda: recording.listener.bounds)
        put_in_s = recording.now_s()
        server.plug()
        recording.until(lambda: len(recording.listener.news) == 2)
        recording.until(lambda: recording.listener.sounds[-1].start > put_in_s + 2.5)
    (lost, lost_s, reason), (back, back_s, _) = recording.listener.news
    assert (lost, reason, back) == ("lost", "microphone lost", "back")
    assert lost_s == pytest.approx(pulled_s, abs=0.25)
    assert told_s - pulled_s < 2.5
    assert put_in_s - 0.1 <= back_s <= put_in_s + 5.0
    assert not recording.listener.events
    assert recording.device.health().gap_s == pytest.approx(back_s - lost_s)


def test_the_program_writes_nothing_to_the_terminal_when_it_cannot_open(
    server: SoundServer, capfd: pytest.CaptureFixture[str]
) -> None:
    server.unplug()
    try:
        with pytest.raises(Exception, match="cannot be opened"):
            Microphone(choose_microphone(MICROPHONE), MicrophoneConfig(), MonotonicClock()).open()
    finally:
        server.plug()
    os.write(2, b"as before")
    assert capfd.readouterr().err == "as before"
