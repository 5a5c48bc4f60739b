from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.core.native_stderr import silenced
from live_sentiment.sources.microphone import portaudio
from live_sentiment.sources.microphone.backend import MicrophoneInfo
from live_sentiment.sources.microphone.portaudio import PortAudio

DESK = MicrophoneInfo(3, "Desk", "ALSA", 2, 44_100)


class FakeStream:
    """What `sounddevice.InputStream` is here: remembers how it was opened."""

    latency = 0.1
    active = True

    def __init__(self, **options: Any) -> None:
        self.options, self.samplerate, self.closed = options, float(options["samplerate"]), False

    def start(self) -> None:
        os.write(2, b"ALSA lib: noise")
        if self.options["device"] == 13:
            raise RuntimeError("Error starting stream", -9985)

    def abort(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class FakeLibrary(SimpleNamespace):
    """The module `sounddevice`, with a PortAudio that was initialised twice."""

    def __init__(self) -> None:
        super().__init__(_initialized=2, streams=[], _exit_handler=lambda: None)

    def InputStream(self, **options: Any) -> FakeStream:  # noqa: N802 (as it is called there)
        self.streams.append(FakeStream(**options))
        return self.streams[-1]

    def _initialize(self) -> None:
        self._initialized += 1

    def _terminate(self) -> None:
        self._initialized -= 1
        self.terminated = True


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLibrary]:
    library = FakeLibrary()
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    yield library


def test_a_microphone_is_opened_at_its_own_rate_and_hands_on_what_it_hears(library: FakeLibrary) -> None:
    heard: list[tuple[Any, float, bool]] = []
    stream = PortAudio().open(DESK, 0.032, lambda *said: heard.append(said))
    options = library.streams[0].options
    assert (options["device"], options["samplerate"], options["channels"]) == (3, 44_100, 2)
    assert (options["blocksize"], options["dtype"]) == (1411, "float32")
    assert (stream.rate_hz, stream.channels, stream.latency_s, stream.active) == (44_100, 2, 0.1, True)
    block = np.zeros((4, 2), np.float32)
    times = SimpleNamespace(currentTime=7.5, inputBufferAdcTime=7.25)
    options["callback"](block, 4, times, SimpleNamespace(input_overflow=True))
    ((samples, age_s, overflow),) = heard
    assert samples is block
    assert (age_s, overflow) == (0.25, True)
    stream.close()
    assert library.streams[0].closed


def test_one_that_fails_on_the_way_is_closed_and_explained(library: FakeLibrary) -> None:
    broken = MicrophoneInfo(13, "Broken", "ALSA", 1, 16_000)
    with pytest.raises(UsageError, match="Broken is in use by another program"):
        PortAudio().open(broken, 0.032, lambda *_: None)
    assert library.streams[0].closed
    PortAudio().refresh()
    assert library.terminated, "it is not counted as open"


def test_the_devices_are_looked_for_anew_only_while_no_stream_is_open(library: FakeLibrary) -> None:
    library.terminated = False
    stream = PortAudio().open(DESK, 0.032, lambda *_: None)
    PortAudio().refresh()
    assert not library.terminated
    stream.close()
    PortAudio().refresh()
    assert library.terminated
    assert library._initialized == 1


def test_a_hanging_library_does_not_hold_up_the_end_of_the_process(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    unregistered: list[Any] = []
    monkeypatch.setattr("atexit.unregister", unregistered.append)
    PortAudio().abandon()
    assert unregistered == [library._exit_handler]


def test_what_the_libraries_print_stays_off_the_terminal(
    library: FakeLibrary, capfd: pytest.CaptureFixture[str]
) -> None:
    PortAudio().open(DESK, 0.032, lambda *_: None).close()
    os.write(2, b"as before")
    assert capfd.readouterr().err == "as before"


def test_a_process_without_a_stderr_is_no_worse_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: int) -> int:
        raise OSError("Bad file descriptor")

    monkeypatch.setattr(os, "dup", closed)
    with silenced():
        pass


def test_a_close_that_hangs_holds_up_nobody_else_and_leaves_stderr_as_it_was(
    library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(portaudio, "TURN_S", 0.05)
    monkeypatch.setattr(portaudio, "QUIET_S", 0.05)
    came, goes = threading.Event(), threading.Event()

    def hang() -> None:
        came.set()
        os.write(2, b"ALSA lib: noise")
        goes.wait(30)

    stream = PortAudio().open(DESK, 0.032, lambda *_: None)
    library.streams[0].close = hang
    closing = threading.Thread(target=stream.close)
    closing.start()
    assert came.wait(30)
    with pytest.raises(UsageError, match="hangs"):
        PortAudio().refresh()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):  # the bound of the call that hangs
            thread.join()
    os.write(2, b"as before")
    goes.set()
    closing.join()
    os.write(2, b", and after")
    PortAudio().refresh()
    assert library.terminated
    assert capfd.readouterr().err == "as before, and after"


def test_silence_ends_with_the_last_who_asked_for_it(capfd: pytest.CaptureFixture[str]) -> None:
    """A call that hangs may end after the dashboard that began before it."""
    first, second = silenced(), silenced()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    os.write(2, b"noise")
    second.__exit__(None, None, None)
    os.write(2, b"as before")
    assert capfd.readouterr().err == "as before"
