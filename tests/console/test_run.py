"""`live-sentiment run` around a session that is made up: devices, folders, signals, keys, what is printed."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from live_sentiment.console.ending import Ending
from live_sentiment.console.main import main
from live_sentiment.core.clock import MonotonicClock
from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.runtime.live_session import LiveOutcome
from live_sentiment.runtime.snapshot import LiveHealth, Snapshot
from live_sentiment.sinks.summary import Summarizer
from live_sentiment.sources.capture import DeviceHealth
from tests.helpers.virtual_clock import VirtualClock

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals and terminals")


class FakeDevice:
    """A device that opens, or says why it does not."""

    def __init__(self, name: str, trouble: str | None) -> None:
        self.name, self.trouble, self.released = name, trouble, False

    def open(self) -> None:
        if self.trouble:
            raise UsageError(self.trouble)

    def stop(self) -> None:
        self.released = True

    def join(self, timeout_s: float | None = None) -> bool:
        return True


class FakeLive:
    """A session that does what `work` says, in place of an analysis."""

    work: Callable[[FakeLive], None] = staticmethod(lambda live: None)
    last: FakeLive

    def __init__(self, config: Any, stages: Any, *, folder: Path | None, **options: Any) -> None:
        FakeLive.last = self
        self.config, self.folder, self.options = config, folder, options
        self.stopped = threading.Event()
        self.told: list[str] = []
        self.state = "starting"
        self.outputs = () if folder is None else (folder / "media.mkv", folder / "timeline.jsonl")

    def run(self) -> LiveOutcome:
        self.state = "running"
        FakeLive.work(self)
        self.state = "finished"
        return LiveOutcome(
            Summarizer().summary(), self.folder, self.outputs, 1.0, 0, 0, (0.5, 0.9), (1.9, 2.6)
        )

    def close(self) -> None:
        pass

    def stop(self) -> None:
        self.told.append("stop")
        self.stopped.set()

    def now_s(self) -> float:
        return 0.0

    def mark(self, note: str, at_s: float) -> None:
        self.told.append(f"mark {note}")

    def pause(self) -> None:
        self.told.append("pause")

    def switch(self, modality: str) -> None:
        self.told.append(f"switch {modality}")

    def snapshot(self) -> Snapshot:
        device = DeviceHealth("camera", "Cam", "running")
        return Snapshot("Cam", self.state, live=LiveHealth((device,)))  # type: ignore[arg-type]


class Machine:
    """What devices there are, and which of them were opened."""

    def __init__(self) -> None:
        self.troubles: dict[str, str] = {}
        self.chosen: dict[str, Any] = {}
        self.devices: dict[str, FakeDevice] = {}

    def choose(self, kind: str) -> Callable[..., str]:
        def choose(choice: str | None, loop: bool = False) -> str:
            self.chosen[kind] = choice
            self.chosen["loop"] = self.chosen.get("loop") or loop
            if choice == "nowhere":
                raise UsageError(f"there is no {kind} 'nowhere'; did you mean 0 (Real)?")
            return choice or "default"

        return choose

    def make(self, kind: str) -> Callable[..., FakeDevice]:
        def make(choice: str, config: Any, clock: Any) -> FakeDevice:
            self.devices[kind] = FakeDevice(choice, self.troubles.get(kind))
            return self.devices[kind]

        return make


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    from live_sentiment.runtime import live_session, stages
    from live_sentiment.sources.camera import camera
    from live_sentiment.sources.camera import listing as cameras
    from live_sentiment.sources.microphone import listing as microphones
    from live_sentiment.sources.microphone import microphone

    made = Machine()
    monkeypatch.setattr(cameras, "choose_camera", made.choose("camera"))
    monkeypatch.setattr(camera, "Camera", made.make("camera"))
    monkeypatch.setattr(microphones, "choose_microphone", made.choose("microphone"))
    monkeypatch.setattr(microphone, "Microphone", made.make("microphone"))
    monkeypatch.setattr(live_session, "LiveSession", FakeLive)
    monkeypatch.setattr(stages, "load_stages", lambda config, store, live: None)
    monkeypatch.setattr(FakeLive, "work", staticmethod(lambda live: None))
    monkeypatch.chdir(tmp_path)
    return made


def run(*arguments: str) -> int:
    return main(["run", *arguments])


def test_by_default_the_first_devices_are_opened_and_a_session_is_recorded(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 0
    live = FakeLive.last
    assert machine.chosen == {"camera": None, "microphone": None, "loop": False}
    assert live.options["camera"] is machine.devices["camera"]
    assert live.options["microphone"] is machine.devices["microphone"]
    assert live.folder is not None
    assert live.folder.parent == Path("recordings")
    assert live.folder.is_dir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", live.folder.name)
    assert (live.options["keep_media"], live.options["blur_faces"]) == (True, False)
    printed = capsys.readouterr().out
    assert str(live.folder / "timeline.jsonl") in printed
    assert f"live-sentiment replay {live.folder}" in printed


def test_devices_are_chosen_and_released(machine: Machine) -> None:
    assert run("--camera", "talk.mp4", "--loop", "--microphone", "2") == 0
    assert machine.chosen == {"camera": "talk.mp4", "microphone": "2", "loop": True}
    assert all(device.released for device in machine.devices.values())


def test_what_is_left_out_is_not_looked_for(machine: Machine) -> None:
    assert run("--no-camera") == 0
    assert set(machine.devices) == {"microphone"}
    assert FakeLive.last.options["camera"] is None


def test_the_options_reach_the_session(machine: Machine, tmp_path: Path) -> None:
    arguments = [
        "--duration",
        "1:30",
        "--blur-faces",
        "--no-video-storage",
        "--output",
        str(tmp_path / "kept"),
    ]
    assert run(*arguments, "--set", "camera.rate_hz=5") == 0
    live = FakeLive.last
    assert live.options["duration_s"] == 90.0
    assert (live.options["keep_media"], live.options["blur_faces"]) == (False, True)
    assert live.config.camera.rate_hz == 5
    assert live.folder is not None
    assert live.folder.parent == tmp_path / "kept"


def test_without_media_there_is_nothing_to_replay(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--no-video-storage") == 0
    printed = capsys.readouterr().out
    assert "no picture and no sound was kept" in printed
    assert "live-sentiment replay" not in printed


def test_no_record_writes_nothing_at_all_and_says_so(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--no-record") == 0
    assert FakeLive.last.folder is None
    assert list(tmp_path.iterdir()) == []
    assert "nothing was written" in capsys.readouterr().out


def test_two_sessions_of_one_second_have_a_folder_each(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live_sentiment.console import run as command

    class Frozen(command.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Frozen:
            return cls(2026, 11, 21, 14, 3, 7)

    monkeypatch.setattr(command, "datetime", Frozen)
    folders = []
    for _ in range(3):
        assert run() == 0
        folders.append(FakeLive.last.folder)
    assert [folder.name for folder in folders if folder] == [
        "2026-11-21_14-03-07",
        "2026-11-21_14-03-07-2",
        "2026-11-21_14-03-07-3",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--camera", "nowhere"], "did you mean 0 (Real)?"),
        (["--microphone", "nowhere"], "did you mean 0 (Real)?"),
        (["--no-camera", "--no-microphone"], "nothing to analyse"),
        (["--loop"], "--camera FILE"),
        (["--duration", "0"], "--duration"),
        (["--output", "/dev/null/recordings"], "choose another --output"),
        (["--set", "camera.rate=5"], "did you mean 'camera.rate_hz'?"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    machine: Machine, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "loading" not in line]
    assert line.startswith("live-sentiment: ")
    assert says in line


@pytest.mark.parametrize(
    "arguments", [["--camera", "1", "--no-camera"], ["--microphone", "x", "--no-microphone"]]
)
def test_a_device_is_not_chosen_and_left_out_at_once(machine: Machine, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        run(*arguments)
    assert exit_info.value.code == 2


def test_a_named_device_that_does_not_open_is_an_error(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.troubles["camera"] = "Cam is in use by another program: close it"
    assert run("--camera", "Cam") == 2
    assert capsys.readouterr().err == "live-sentiment: Cam is in use by another program: close it\n"
    assert machine.devices["camera"].released


def test_a_default_device_that_does_not_open_is_a_warning(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.troubles["camera"] = "no camera was found: plug one in"
    assert run() == 0
    assert FakeLive.last.options["camera"] is None
    assert FakeLive.last.options["microphone"] is machine.devices["microphone"]
    assert "warning: going on without a camera: no camera was found: plug one in" in capsys.readouterr().err


def test_without_any_device_there_is_no_session(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.troubles = {"camera": "no camera", "microphone": "no microphone"}
    assert run() == 2
    printed = capsys.readouterr().err
    assert "live-sentiment devices" in printed.splitlines()[-1]
    assert not Path("recordings").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_session_properly(
    machine: Machine,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work(live: FakeLive) -> None:
        os.kill(os.getpid(), number)
        assert live.stopped.wait(10)

    before = signal.getsignal(number)
    monkeypatch.setattr(FakeLive, "work", staticmethod(work))
    assert run() == 128 + number
    assert FakeLive.last.told == ["stop"]
    assert f"live-sentiment replay {FakeLive.last.folder}" in capsys.readouterr().out
    assert signal.getsignal(number) == before


def test_a_second_ctrl_c_ends_at_once() -> None:
    clock, done = VirtualClock(), []
    with Ending(clock, lambda: done.append("terminal given back"), done.append) as ending:
        signal.raise_signal(signal.SIGINT)
        assert ending.asked
        clock.advance(0.01)
        signal.raise_signal(signal.SIGINT)
        assert done == [], "a wrapper passed the first one on"
        clock.advance(1.0)
        signal.raise_signal(signal.SIGTERM)
        assert done == [], "whoever asks twice for a proper end gets one"
        signal.raise_signal(signal.SIGINT)
        assert done == ["terminal given back", 130]
    assert ending.exit_code == 130


def test_a_session_that_fails_says_what_is_kept(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def work(live: FakeLive) -> None:
        raise RunError("the analysis broke")

    monkeypatch.setattr(FakeLive, "work", staticmethod(work))
    assert run() == 1
    *_, kept, last = capsys.readouterr().err.splitlines()
    assert last == "live-sentiment: the analysis broke"
    assert "timeline.jsonl" in kept


def test_what_could_not_be_kept_is_said_and_the_exit_code_is_1(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def outcome(live: FakeLive) -> LiveOutcome:
        kept = (live.folder / "timeline.jsonl",)  # type: ignore[operator]
        summary = Summarizer().summary()
        lags = (0.5, 0.9), (1.9, 2.6)
        return LiveOutcome(summary, live.folder, kept, 1.0, 0, 0, *lags, failures=("the disk is full",))

    monkeypatch.setattr(FakeLive, "run", outcome)
    assert run() == 1
    printed = capsys.readouterr()
    assert "live-sentiment: not everything was kept: the disk is full" in printed.err.splitlines()
    assert "timeline.jsonl" in printed.out
    assert "live-sentiment replay" not in printed.out, "there is no media to replay"
    assert run("--json") == 1
    assert json.loads(capsys.readouterr().out)["failures"] == ["the disk is full"]


def test_json_is_all_that_standard_output_gets(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    fields = json.loads(capsys.readouterr().out)
    assert fields["folder"] == str(FakeLive.last.folder)
    assert fields["complete"] is False


def test_a_log_gets_the_end_and_no_dashboard_nothing(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--json") == 0
    assert "Cam: finished" in capsys.readouterr().err
    assert run("--json", "--no-dashboard") == 0
    assert "Cam" not in capsys.readouterr().err


PROGRAM = f"""
import dataclasses, sys, threading
sys.path[:0] = [{str(Path(__file__).parents[2])!r}]
from tests.console import test_run
from live_sentiment.core.clock import MonotonicClock
from live_sentiment.console.main import build_parser
from live_sentiment.console.run import conduct
test_run.FakeLive.work = staticmethod(lambda live: live.stopped.wait(30))
options = build_parser().parse_args(["run", "--no-record"])
class Ticking(test_run.FakeLive):
    frames = 0
    def snapshot(self):
        self.frames += 1
        return dataclasses.replace(super().snapshot(), elapsed_s=float(self.frames))
live = Ticking(None, None, folder=None)
code = conduct(live, options, MonotonicClock())
print("told", *live.told)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("typed", "says", "exit_code"),
    [
        ("p2mall well\nq", "told pause switch voice mark all well stop", 0),
        ("\x03", "told stop", 130),
    ],
)
def test_keys_on_a_real_terminal(typed: str, says: str, exit_code: int) -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    with OnTerminal(PROGRAM) as terminal:
        terminal.see("3\x1b[0m")  # the keys are shown, and the last of them is 3
        terminal.type(typed)
        left, shown = terminal.end()
    assert left == exit_code, shown
    assert says in shown
    assert "\x1b[?1049l" in shown, "the alternate screen was left"


def test_a_session_that_hangs_at_its_end_is_left_at_a_second_ctrl_c() -> None:
    from tests.helpers.pseudo_terminal import OnTerminal

    with OnTerminal(PROGRAM.replace("live.stopped.wait(30)", "threading.Event().wait(30)")) as terminal:
        terminal.see("3\x1b[0m")
        terminal.type("\x03")
        for frame in range(2, 6):  # four of them a second
            terminal.see(f"0:0{frame}")
        terminal.type("\x03")
        exit_code, shown = terminal.end()
    assert exit_code == 130
    assert "\x1b[?1049l" in shown
    assert "told" not in shown


def test_the_clock_of_a_session_is_the_machines(machine: Machine) -> None:
    assert run() == 0
    assert isinstance(FakeLive.last.options["clock"], MonotonicClock)
