"""A sound server of the test's own, with a microphone that hears what is played: no sound card is needed.

A private PulseAudio daemon with a null sink, whose monitor is the microphone. It can be unplugged, which ends
whatever plays, and plugged in again. Processes that are to hear it are started with `environment` over their
own; PortAudio then lists it as "microphone" and, being the default source, as "default". (A process that has
loaded PortAudio before must initialise it anew.)

>>> with sound_server() as server:
...     server.play(Path("speech.wav"))
...     subprocess.run(["live-sentiment", "run"], env={**os.environ, **server.environment})

Debian and Ubuntu have what it needs in: pulseaudio, pulseaudio-utils, libasound2-plugins, libportaudio2.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

MICROPHONE = "microphone"
"""What PortAudio calls the microphone."""

_PROGRAMS = ("pulseaudio", "pactl", "paplay", "parec")
_PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"
_PLUGIN_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/lib/*-linux-gnu*")
_PATIENCE_S = 15.0

# Only what is needed: a system's own configuration might bring up other sound servers and cards.
_ALSA = f"""
pcm.!default {{ type pulse }}
ctl.!default {{ type pulse }}
pcm.{MICROPHONE} {{
    type pulse
    device "{MICROPHONE}.monitor"
}}
"""
_CLIENT = "autospawn = no\nenable-shm = no\n"


def missing() -> str | None:
    """What this machine lacks for a sound server; None where it has everything."""
    programs = [name for name in _PROGRAMS if shutil.which(name) is None]
    if programs:
        return f"{', '.join(programs)} not found (Debian: pulseaudio, pulseaudio-utils)"
    if not any(list(Path("/").glob(f"{folder[1:]}/{_PLUGIN}")) for folder in _PLUGIN_FOLDERS):
        return "ALSA has no PulseAudio plugin (Debian: libasound2-plugins)"
    if ctypes.util.find_library("portaudio") is None:
        return "PortAudio not found (Debian: libportaudio2)"
    return None


@dataclass
class SoundServer:
    """A running daemon and its microphone."""

    folder: Path
    rate_hz: int
    channels: int
    _module: str = ""
    _listener: subprocess.Popen[bytes] | None = None
    _players: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a process use this server and no other."""
        return {
            "PULSE_SERVER": f"unix:{self.folder}/socket",
            "PULSE_CLIENTCONFIG": f"{self.folder}/client.conf",
            "PULSE_COOKIE": f"{self.folder}/cookie",
            "ALSA_CONFIG_PATH": f"{self.folder}/asound.conf",
        }

    def plug(self) -> None:
        """Plug the microphone in; returns when it hears, after some two seconds."""
        form = [f"sink_name={MICROPHONE}", f"rate={self.rate_hz}", f"channels={self.channels}"]
        self._module = self._control("load-module", "module-null-sink", *form).strip()
        # Left alone, a null sink works in blocks of two seconds, as no sound card does. A listener makes it
        # work in short ones; another tells when the first block is over.
        command = ["parec", "--latency-msec=20", f"--device={MICROPHONE}.monitor", "--raw"]
        nowhere = subprocess.DEVNULL
        self._listener = subprocess.Popen(
            command, env=self._whole_environment, stdout=nowhere, stderr=nowhere
        )
        first = subprocess.Popen(command, env=self._whole_environment, stdout=subprocess.PIPE, stderr=nowhere)
        assert first.stdout is not None
        os.read(first.stdout.fileno(), 1)
        self._stop(first)

    def unplug(self) -> None:
        """Pull the microphone out, under whoever listens to it."""
        self._control("unload-module", self._module)
        self._stop(self._listener)
        self._listener = None

    def play(self, sound: Path) -> subprocess.Popen[bytes]:
        """Begin to play a sound file where the microphone hears it; returns at once."""
        # So much ahead that a busy machine does not tear it, and so little that it begins soon.
        command = ["paplay", f"--device={MICROPHONE}", "--latency-msec=250", str(sound)]
        player = subprocess.Popen(command, env=self._whole_environment)
        self._players.append(player)
        return player

    def close(self) -> None:
        """End everything that was started."""
        for process in (*self._players, self._listener):
            self._stop(process)

    def wait_until_up(self, daemon: subprocess.Popen[bytes]) -> None:
        """Return when the daemon answers; fails the test if it does not."""
        until_s = time.monotonic() + _PATIENCE_S
        while daemon.poll() is None and time.monotonic() < until_s:
            answer = subprocess.run(
                ["pactl", "info"], env=self._whole_environment, capture_output=True, check=False
            )
            if answer.returncode == 0:
                return
            time.sleep(0.05)
        pytest.fail(f"PulseAudio does not come up:\n{(self.folder / 'log').read_text()}")

    @property
    def _whole_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}

    def _control(self, *command: str) -> str:
        return subprocess.run(
            ["pactl", *command],
            env=self._whole_environment,
            check=True,
            timeout=_PATIENCE_S,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout

    @staticmethod
    def _stop(process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        process.terminate()
        process.wait(_PATIENCE_S)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def sound_server(rate_hz: int = 48_000, channels: int = 2) -> Iterator[SoundServer]:
    """Run a private sound server with its microphone plugged in; skips the test where that cannot be.

    Where CI is set a missing package fails the test instead.
    """
    lacking = missing()
    if lacking is not None:
        if os.environ.get("CI") and shutil.which("apt-get"):
            pytest.fail(f"no sound server: {lacking}", pytrace=False)
        pytest.skip(f"no sound server: {lacking}")
    # The path of a socket is limited to some hundred characters, so it is not one of pytest's folders.
    with tempfile.TemporaryDirectory(prefix="sound-") as name:
        folder = Path(name)
        (folder / "asound.conf").write_text(_ALSA)
        (folder / "client.conf").write_text(_CLIENT)
        server = SoundServer(folder, rate_hz, channels)
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen(
                _daemon(folder), env=_daemon_environment(folder), stdout=log, stderr=log
            )
        try:
            server.wait_until_up(daemon)
            server.plug()
            yield server
        finally:
            server.close()
            daemon.terminate()
            daemon.wait(_PATIENCE_S)


def _daemon(folder: Path) -> list[str]:
    socket = f"module-native-protocol-unix auth-anonymous=1 socket={folder}/socket"
    options = ["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
    return ["pulseaudio", "-n", *options, f"--load={socket}"]


def _daemon_environment(folder: Path) -> dict[str, str]:
    own = {name: str(folder) for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME")}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PULSE_", "DBUS_", "DISPLAY"))
    }
    return {**inherited, **own}
