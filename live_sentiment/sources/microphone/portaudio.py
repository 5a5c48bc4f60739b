"""The system's sound library: PortAudio, by way of sounddevice.

PortAudio lists the devices once, when it is initialised, and cannot be initialised anew while one of its
streams is open; so all who use it in this process go through the one lock and the one count below. Where a
call hangs in a driver, the others give up after a while, and stderr is itself again.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from live_sentiment.core.native_stderr import silenced
from live_sentiment.sources.microphone.backend import Heard, MicrophoneInfo
from live_sentiment.sources.microphone.errors import microphone_error, opening_error

TURN_S = 5.0
"""A call that takes longer hangs: who waits for its end is told so."""
QUIET_S = 2.0
"""So long at most a call keeps off the terminal what PortAudio and ALSA print at every failed attempt."""

_lock = threading.Lock()
_open = 0


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Inside, nobody else calls PortAudio.

    Raises:
        UsageError: somebody's call hangs.
    """
    if not _lock.acquire(timeout=TURN_S):
        raise microphone_error("hangs")
    try:
        with silenced(QUIET_S):
            yield
    finally:
        _lock.release()


def load() -> Any:
    """The module `sounddevice`.

    Raises:
        UsageError: the PortAudio library is missing or finds no sound system; says what to do.
    """
    try:
        import sounddevice
    except OSError as error:
        raise microphone_error("no library") from error
    except Exception as error:  # its own class of error cannot be imported: it does not initialise
        raise microphone_error("none") from error
    return sounddevice


class PortAudio:
    """Lists and opens microphones."""

    def microphones(self) -> list[MicrophoneInfo]:
        """Every device that can record.

        Raises:
            UsageError: the PortAudio library is missing.
        """
        sounddevice = load()
        with _turn():
            hosts = sounddevice.query_hostapis()
            devices = sounddevice.query_devices()
        default = next(
            (host["default_input_device"] for host in hosts if host["default_input_device"] >= 0), -1
        )
        return [
            MicrophoneInfo(
                index=index,
                name=device["name"].strip(),
                host_api=hosts[device["hostapi"]]["name"],
                channels=device["max_input_channels"],
                rate_hz=round(device["default_samplerate"]),
                is_default=index == default,
            )
            for index, device in enumerate(devices)
            if device["max_input_channels"] > 0
        ]

    def refresh(self) -> None:
        """Initialise PortAudio anew, unless a stream of this process is open."""
        sounddevice = load()
        with _turn():
            if _open:
                return
            # sounddevice offers no public way, https://github.com/spatialaudio/python-sounddevice/issues/493.
            while sounddevice._initialized:
                sounddevice._terminate()
            sounddevice._initialize()

    def abandon(self) -> None:
        """Let the process end although a call hangs: at exit, sounddevice would wait for it for ever."""
        atexit.unregister(load()._exit_handler)

    def open(self, info: MicrophoneInfo, block_s: float, heard: Heard) -> PortAudioStream:
        """Open a microphone at its own rate and begin.

        Raises:
            UsageError: it cannot be opened; says what to do.
        """
        return PortAudioStream(info, block_s, heard)


class PortAudioStream:
    """An open microphone.

    Raises:
        UsageError: it cannot be opened; says what to do.
    """

    def __init__(self, info: MicrophoneInfo, block_s: float, heard: Heard) -> None:
        global _open  # noqa: PLW0603 (PortAudio itself is one for the whole process)

        def callback(samples: Any, _frames: int, time: Any, status: Any) -> None:
            heard(samples, time.currentTime - time.inputBufferAdcTime, status.input_overflow)

        sounddevice = load()
        self.channels = info.recorded_channels
        with _turn():
            stream = None
            try:
                stream = sounddevice.InputStream(
                    device=info.index,
                    samplerate=info.rate_hz,
                    channels=self.channels,
                    dtype="float32",
                    blocksize=max(round(block_s * info.rate_hz), 1),
                    # Low latency buys nothing here and costs dropouts: the analysis looks at seconds.
                    latency="high",
                    callback=callback,
                )
                stream.start()
            except Exception as error:
                if stream is not None:
                    stream.close()
                raise opening_error(error, info.name) from error
            self._stream = stream
            _open += 1
        self.rate_hz = round(stream.samplerate)
        self.latency_s = float(stream.latency)

    @property
    def active(self) -> bool:
        """False once PortAudio has given it up."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Stop at once and let go of the device."""
        global _open  # noqa: PLW0603
        with _turn():
            try:
                self._stream.abort()
                self._stream.close()
            finally:
                _open -= 1
