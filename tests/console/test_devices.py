"""`live-sentiment devices` on machines that are made up: with everything, with nothing, and with trouble."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from live_sentiment.console import devices
from live_sentiment.console.device_check import check
from live_sentiment.console.main import main
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Event, VideoFrame
from live_sentiment.sources.camera import listing as cameras
from live_sentiment.sources.camera.info import CameraInfo, CameraMode
from live_sentiment.sources.capture import CapturedSound, CaptureListener, Device, DeviceHealth
from live_sentiment.sources.microphone import listing as microphones
from live_sentiment.sources.microphone.backend import MicrophoneInfo
from tests.helpers.virtual_clock import VirtualClock

MODES = tuple(CameraMode(width, width * 3 // 4, (30.0, 15.0)) for width in (1600, 1280, 800, 640, 320, 160))
CAMERAS = [
    CameraInfo(0, "Integrated [red]Camera", "/dev/video0", MODES),
    CameraInfo(2, "Odd\x1b]0;x\x07 Camera", problem="it may not be used by this program"),
    CameraInfo(4, "Capture card"),
]
MICROPHONES = [
    MicrophoneInfo(1, "USB Audio", "ALSA", 2, 48000),
    MicrophoneInfo(5, "Headset", "ALSA", 1, 16000, is_default=True),
]
PROCESSORS: list[dict[str, Any]] = [
    {"device": "cuda", "name": "GPU", "memory_bytes": 8 * 2**30, "default": True},
    {"device": "mps", "name": "Apple GPU", "default": False},
    {"device": "cpu", "name": "CPU", "cores": 4, "threads": 8, "default": False},
]


class ScriptedDevice:
    """Gives on a virtual clock what it is told to; in place of a camera or a microphone."""

    def __init__(
        self, kind: Device, clock: VirtualClock, *, trouble: str | None = None, fps: float = 25.0
    ) -> None:
        self._kind, self._clock, self._trouble, self._fps = kind, clock, trouble, fps
        self._given = 0
        self.released = False

    def open(self) -> None:
        if self._trouble == "refused":
            raise UsageError("it may not be used: join the group video")

    def start(self, listener: CaptureListener, zero_s: float) -> None:
        self._listener, self._zero_s = listener, zero_s
        if self._trouble == "lost":
            listener.event(Event(0.0, "gap", "a gap"))
            listener.nothing(self._kind, 0.1)
            listener.lost(self._kind, 0.1, f"{self._kind} lost")
        if self._trouble == "lost and back":
            listener.lost(self._kind, 0.1, f"{self._kind} lost")
            listener.back(self._kind, 0.2)

    def stop(self) -> None:
        self.released = True

    def join(self, timeout_s: float | None = None) -> bool:
        return True

    def health(self) -> DeviceHealth:
        """Asking it lets it give what is due by now."""
        now_s = self._clock.now_s() - self._zero_s
        while self._trouble in {None, "lost and back"} and self._given / self._fps <= now_s:
            at_s = self._given / self._fps
            if self._kind == "camera":
                self._listener.picture(VideoFrame(np.zeros((48, 64, 3), np.uint8), at_s))
            else:
                self._listener.sound(CapturedSound(np.zeros((640, 1), np.int16), 16000, Fraction(at_s)))
            self._given += 1
        level_dbfs = -40.0 + 10 * now_s if self._kind == "microphone" and not self._trouble else None
        return DeviceHealth(
            self._kind, "It", "running", rate_hz=30.0, width_px=64, height_px=48, level_dbfs=level_dbfs
        )


class Machine:
    """The devices there are, and what each does when it is opened."""

    def __init__(self) -> None:
        self.cameras, self.microphones = CAMERAS, MICROPHONES
        self.clock = VirtualClock()
        self.troubles: dict[tuple[str, int], str] = {}
        self.opened: list[ScriptedDevice] = []

    def make(self, kind: Device, index: int) -> ScriptedDevice:
        self.opened.append(ScriptedDevice(kind, self.clock, trouble=self.troubles.get((kind, index))))
        return self.opened[-1]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    from live_sentiment.core import clock
    from live_sentiment.sources.camera import camera
    from live_sentiment.sources.microphone import microphone

    made = Machine()

    def choose(found: Callable[[], list[Any]], kind: str) -> Callable[..., Any]:
        def choose(choice: str | None) -> Any:
            if not found():
                raise UsageError(f"no {kind} was found: plug one in")
            return next(info for info in found() if str(info.index) == choice)

        return choose

    monkeypatch.setattr(clock, "MonotonicClock", lambda: made.clock)
    monkeypatch.setattr(cameras, "list_cameras", lambda: made.cameras)
    monkeypatch.setattr(cameras, "choose_camera", choose(lambda: made.cameras, "camera"))
    monkeypatch.setattr(microphones, "list_microphones", lambda: made.microphones)
    monkeypatch.setattr(microphones, "choose_microphone", choose(lambda: made.microphones, "microphone"))
    monkeypatch.setattr(camera, "Camera", lambda info, config, clock: made.make("camera", info.index))
    monkeypatch.setattr(
        microphone, "Microphone", lambda info, config, clock: made.make("microphone", info.index)
    )
    monkeypatch.setattr(devices, "find_processors", lambda: PROCESSORS)
    monkeypatch.setenv("COLUMNS", "100")
    return made


def listed(*arguments: str) -> int:
    return main(["devices", *arguments])


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if name in line)


def test_everything_is_listed_with_what_tells_it_apart(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed() == 0
    text = capsys.readouterr().out
    camera = line_of(text, "Camera")
    assert camera.split()[:3] == ["0", "Integrated", "[red]Camera"], "a name is no markup"
    assert "1600×1200 at 30, 1280×960 at 30" in camera
    assert "800×600 at 30, 640×480 at 30 and 2 more" in " ".join(text.split())
    assert "it may not be used by this program" in line_of(text, "Odd")
    assert "\x1b" not in text
    assert "not told" in line_of(text, "Capture card")
    assert line_of(text, "Headset").split() == ["5", "Headset", "ALSA", "1", "16", "kHz", "default"]
    assert line_of(text, "USB Audio").split() == ["1", "USB", "Audio", "ALSA", "2", "48", "kHz"]
    assert line_of(text, "cuda").split() == ["cuda", "GPU", "8", "GiB", "default"]
    assert line_of(text, "mps").split() == ["mps", "Apple", "GPU"]
    assert "4 cores, 8 threads" in line_of(text, "cpu")


def test_json_holds_everything(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert listed("--json") == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert printed.err == ""
    assert told["cameras"][0]["modes"][5] == {"width_px": 160, "height_px": 120, "rates_hz": [30.0, 15.0]}
    assert [info["index"] for info in told["microphones"]] == [1, 5]
    assert told["microphones"][1]["is_default"]
    assert told["compute"] == PROCESSORS
    assert told["problems"] == {}


def test_a_machine_without_devices_gets_its_list_and_what_to_do(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.cameras, machine.microphones = [], []
    assert listed() == 0
    text = capsys.readouterr().out
    assert "no camera was found: plug one in" in text
    assert "no microphone was found: plug one in" in text
    assert "4 cores" in text
    assert listed("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["cameras"], told["microphones"]) == ([], [])
    assert set(told["problems"]) == {"cameras", "microphones"}


def test_a_machine_without_the_sound_library_gets_its_cameras(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise UsageError("the PortAudio library is missing: `sudo apt install libportaudio2`")

    monkeypatch.setattr(microphones, "list_microphones", missing)
    assert listed() == 0
    text = capsys.readouterr().out
    assert "sudo apt install libportaudio2" in text
    assert "Integrated" in text
    assert listed("--check") == 0
    assert "camera 4" in capsys.readouterr().out


def test_a_check_opens_each_and_says_what_it_gives(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed("--check") == 0
    text = capsys.readouterr().out
    assert "camera 0: camera  25.0 fps  64×48" in text, "measured, and not what the device says of itself"
    assert "microphone 5: mic     ━" in text
    assert "━━━━━━━─── −19 dB" in line_of(text, "microphone 5:"), "as loud as it was at the end"
    assert len(machine.opened) == 5
    assert all(device.released for device in machine.opened)


def test_a_device_that_does_not_work_is_told_and_the_others_are_checked(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.troubles = {
        ("camera", 0): "refused",
        ("camera", 2): "silent",
        ("microphone", 1): "lost",
        ("microphone", 5): "lost and back",
    }
    assert listed("--check") == 1
    text = capsys.readouterr().out
    assert "camera 0: it may not be used: join the group video" in text
    assert "it gives nothing" in line_of(text, "camera 2:")
    assert "25.0 fps" in line_of(text, "camera 4:")
    assert "microphone lost" in line_of(text, "microphone 1:")
    assert "lost" not in line_of(text, "microphone 5:")
    assert all(device.released for device in machine.opened)


def test_on_a_terminal_the_level_moves() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    clock = VirtualClock()
    check("microphone", 1, lambda: ScriptedDevice("microphone", clock), clock, console)
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    assert all(f"−{level} dB" in shown for level in (39, 30, 25, 20))


def test_a_check_as_json(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.troubles = {("camera", 2): "refused", ("microphone", 1): "silent"}
    assert listed("--check", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    first, second, _ = (info["check"] for info in told["cameras"])
    assert first == {"pictures": pytest.approx(51, abs=3), "fps": 25.0, "problem": None}
    assert second == {"problem": "it may not be used: join the group video"}
    silent, heard = (info["check"] for info in told["microphones"])
    assert silent == {"samples": 0, "level_dbfs": None, "problem": "it gives nothing"}
    assert heard["level_dbfs"] == pytest.approx(-20.0, abs=1.1)
    assert heard["samples"] == pytest.approx(2 * 16000, rel=0.1)


def test_this_machine_computes_somewhere() -> None:
    found = devices.find_processors()
    (cpu,) = [processor for processor in found if processor["device"] == "cpu"]
    assert 1 <= cpu["cores"] <= cpu["threads"]
    assert cpu["name"]
    assert [processor["default"] for processor in found].count(True) == 1


def test_a_graphics_card_is_told_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    properties = type("Properties", (), {"total_memory": 8 * 2**30})()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"GPU {number}")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: properties)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    found = devices.find_processors()
    assert [(p["device"], p["name"], p["default"]) for p in found[:2]] == [
        ("cuda", "GPU 0", True),
        ("cuda", "GPU 1", False),
    ]
    assert found[0]["memory_bytes"] == 8 * 2**30
