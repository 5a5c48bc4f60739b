"""--lsl, --osc and --mqtt on the command line, of a live session and a replay; models by rule."""

from __future__ import annotations

import builtins
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from live_sentiment.console.main import main
from live_sentiment.runtime import stages
from tests.helpers.media_factory import flashes, write_media
from tests.helpers.outlets import WAIT_S, free_port
from tests.helpers.scripted import ScriptedStages


@pytest.fixture(autouse=True)
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(stages, "load_stages", lambda config, store, **options: ScriptedStages())
    monkeypatch.chdir(tmp_path)
    write_media(Path("clip.mp4"), pictures=flashes(1.0, flash_s=0.5))
    return Path("clip.mp4")


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A UDP socket of the loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(WAIT_S)
        yield bound


def times_until_end(receiver: Any) -> list[float]:
    """The times of the final points that were sent."""
    times: list[float] = []
    while True:
        datagram = receiver.recv(65536)
        if not OscBundle.dgram_is_bundle(datagram):
            if OscMessage(datagram).address == "/live-sentiment/end":
                return times
            continue
        first = next(iter(OscBundle(datagram)))
        if first.address == "/live-sentiment/final/time":
            times += first.params


def written(timeline: Path) -> list[float]:
    lines = map(json.loads, timeline.read_text(encoding="utf-8").splitlines())
    return [line["time"] for line in lines if line["type"] == "point"]


def test_a_replay_at_its_own_pace_is_told_and_written_alike(
    receiver: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    target = f"127.0.0.1:{receiver.getsockname()[1]}"
    assert main(["replay", "clip.mp4", "--speed", "1", "--osc", target, "--no-dashboard"]) == 0
    times = times_until_end(receiver)
    assert times == written(Path("live-sentiment-output/clip/timeline.jsonl"))
    assert times
    assert "leave this machine" not in capsys.readouterr().err


def test_a_live_session_is_told_and_written_alike(receiver: Any) -> None:
    target = f"127.0.0.1:{receiver.getsockname()[1]}"
    session = ["--camera", "clip.mp4", "--no-microphone", "--no-dashboard", "--no-video-storage"]
    assert main(["run", *session, "--duration", "1", "--osc", target]) == 0
    (timeline,) = Path("recordings").glob("*/timeline.jsonl")
    assert times_until_end(receiver) == written(timeline)


def test_a_broker_that_is_not_there_is_a_warning_and_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    broker = f"127.0.0.1:{free_port()}"
    session = ["--camera", "clip.mp4", "--no-microphone", "--no-dashboard", "--no-video-storage"]
    assert main(["run", *session, "--duration", "1", "--mqtt", f"{broker}/lab"]) == 0
    said = f"the MQTT broker {broker} cannot be reached; it is tried again"
    assert f"live-sentiment: warning: {said}\n" in capsys.readouterr().err
    (timeline,) = Path("recordings").glob("*/timeline.jsonl")
    lines = map(json.loads, timeline.read_text(encoding="utf-8").splitlines())
    assert [line["message"] for line in lines if line.get("kind") == "outlet-failed"] == [said]


def test_a_replay_keeps_the_trouble_out_of_the_timeline(capsys: pytest.CaptureFixture[str]) -> None:
    broker = f"127.0.0.1:{free_port()}"
    assert main(["replay", "clip.mp4", "--speed", "1", "--mqtt", broker]) == 0
    assert f"warning: the MQTT broker {broker} cannot be reached" in capsys.readouterr().err
    assert "MQTT" not in Path("live-sentiment-output/clip/timeline.jsonl").read_text()


@pytest.mark.parametrize("option", [["--lsl"], ["--osc", "127.0.0.1:9"], ["--mqtt", "127.0.0.1:9"]])
def test_a_replay_as_fast_as_possible_is_not_told(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "clip.mp4", *option]) == 2
    assert "add --speed 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--osc", "9000"], "write HOST:PORT"),
        (["--mqtt", "localhost"], "write HOST:PORT"),
        (["--mqtt", "localhost:1883/a/#"], "no topic to publish to"),
    ],
)
def test_a_bad_address_is_refused_before_anything_is_opened(
    option: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *option]) == 2
    assert said in capsys.readouterr().err
    assert not Path("recordings").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--osc", "192.0.2.1:9"], "leave this machine unencrypted: OSC sends them to 192.0.2.1:9"),
        (["--mqtt", "192.0.2.1:9"], "leave this machine unencrypted: MQTT sends them to 192.0.2.1:9"),
        (["--lsl", "room"], "LSL shows the streams of 'room' to the whole local network"),
    ],
)
def test_what_leaves_the_machine_is_said_in_one_line(
    option: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--lsl" in option:
        pytest.importorskip("pylsl")
    assert main(["run", *option, "--camera", "missing.mp4", "--no-microphone"]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert said in first
    assert "missing.mp4" in second


@pytest.mark.parametrize(
    ("library", "option"), [("pylsl", "--lsl=x"), ("pythonosc", "--osc=[::1]:9"), ("paho", "--mqtt=[::1]:9")]
)
def test_a_missing_library_is_said_with_its_extra(
    library: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith(library):
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(["run", option]) == 2
    extra = option[2:].partition("=")[0]
    assert f"pip install 'live-sentiment[{extra}]'" in capsys.readouterr().err
