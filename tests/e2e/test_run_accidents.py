"""`live-sentiment run` as a user types it, where its terminal or its disk goes away."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest

if os.name == "nt":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)
from live_sentiment.recording.session_file import read_session
from live_sentiment.sinks.reader import read_timeline
from tests.helpers.mjpeg import MjpegServer
from tests.helpers.pseudo_terminal import OnTerminal, Shell

pytestmark = [pytest.mark.models, pytest.mark.realtime, pytest.mark.timeout(300)]

DEMO = Path(__file__).parents[2] / "recordings/demo.mp4"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def camera(pulled: None) -> Iterator[str]:
    with MjpegServer(DEMO) as server:
        yield server.url


def command(camera: str, output: Path, *options: str) -> str:
    arguments = ["run", "--camera", camera, "--no-microphone", "--output", str(output), *options]
    return f"import sys; from live_sentiment.console.main import main; sys.exit(main({arguments!r}))"


def check_files(output: Path) -> None:
    """Everything is readable and says that it is complete."""
    (folder,) = output.iterdir()
    assert read_session(folder).state == "complete"
    timeline = read_timeline(folder / "timeline.jsonl")
    assert timeline.end is not None
    assert timeline.end["complete"]
    assert len(timeline.points) > 4
    with av.open(str(folder / "media.mkv")) as media:
        assert media.duration > 1e6
    assert not (folder / ".lock").exists()


def hang_up(camera: str, output: Path) -> None:
    with OnTerminal(command(camera, output)) as terminal:
        terminal.see("0:03")
        terminal.hang_up()
        assert terminal.wait(PATIENCE_S) == 128 + signal.SIGHUP


def hang_up_while_suspended(camera: str, output: Path) -> None:
    with Shell(command(camera, output)) as shell:
        shell.see("0:03")
        shell.type("\x1a")
        shell.see("stopped")
        shell.hang_up()
        assert shell.job_ends(PATIENCE_S)


@pytest.mark.parametrize("close", [hang_up, hang_up_while_suspended])
def test_closing_the_terminal_leaves_complete_files(
    camera: str, tmp_path: Path, close: Callable[[str, Path], None]
) -> None:
    close(camera, tmp_path / "out")
    check_files(tmp_path / "out")


def run(camera: str, output: Path) -> tuple[dict[str, Any], str]:
    """A session of twenty seconds of which not everything could be kept."""
    options = ("--no-dashboard", "--json", "--duration", "20", "--set", "recording.crf=0")
    code = command(camera, output, *options)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    outcome: dict[str, Any] = json.loads(done.stdout)
    assert outcome["complete"], "the session itself went on"
    assert outcome["duration"] == pytest.approx(20.0, abs=0.5)
    assert all(Path(path).exists() for path in outcome["outputs"])
    return outcome, done.stderr


def test_a_full_disk_is_said_and_the_session_goes_on(camera: str, small_disk: Path) -> None:
    outcome, err = run(camera, small_disk / "out")
    # The recording comes first or, with a little luck, the timeline or the session's record.
    assert outcome["failures"]
    for failure in outcome["failures"]:
        assert "disk is full" in failure or "no space left" in failure.lower()
        assert f"live-sentiment: not everything was kept: {failure}" in err


def test_a_folder_that_is_removed_is_said_and_the_session_goes_on(camera: str, tmp_path: Path) -> None:
    """Another program is asked to, as soon as there is a folder."""
    output = tmp_path / "out"
    remover = (
        "import pathlib, shutil, sys, time\n"
        f"output = pathlib.Path({str(output)!r})\n"
        "while not list(output.glob('*/session.json')): time.sleep(0.1)\n"
        "shutil.rmtree(output)\n"
    )
    with subprocess.Popen([sys.executable, "-c", remover]) as removing:
        outcome, err = run(camera, output)
        assert removing.wait(PATIENCE_S) == 0
    assert outcome["outputs"] == []
    assert "was removed or moved while the session was recorded" in err
