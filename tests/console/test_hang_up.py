"""A session whose terminal goes away: it ends properly, however the terminal was closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

if os.name == "nt":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)
from tests.helpers.pseudo_terminal import OnTerminal, Shell

pytestmark = pytest.mark.timeout(120)


def program(notes: Path, before: str = "", options: str = "[]") -> str:
    """A made-up session under the real dashboard, which notes what becomes of it in a file."""
    return f"""
import sys
sys.path[:0] = [{str(Path(__file__).parents[2])!r}]
from tests.console import test_run
from live_sentiment.core.clock import MonotonicClock
from live_sentiment.console.main import build_parser
from live_sentiment.console.run import conduct
notes = open({str(notes)!r}, "w", buffering=1)
{textwrap.dedent(before)}
def work(live):
    print("running", file=notes)
    ended = live.stopped.wait(60)
    print("files complete" if ended else "never stopped", file=notes)
test_run.FakeLive.work = staticmethod(work)
options = build_parser().parse_args(["run", "--no-record", *{options}])
live = test_run.FakeLive(None, None, folder=None)
code = conduct(live, options, MonotonicClock())
print("code", code, file=notes)
sys.exit(code)
"""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A pipe with a name; who opens it waits for the session to begin."""
    path = tmp_path / "notes"
    os.mkfifo(path)
    return path


PROPER_END = ["running", "files complete"]


def end_of(terminal: OnTerminal) -> int:
    """The exit code; fails where the process outlives its terminal."""
    try:
        return terminal.wait(30)
    except subprocess.TimeoutExpired:
        pytest.fail("the session goes on without its terminal")


@pytest.mark.parametrize(
    "before",
    [
        "",
        # A shell, or `setsid`, that keeps the signal to itself.
        "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])",
    ],
    ids=["with its signal", "without"],
)
def test_closing_the_terminal_ends_the_session(notes: Path, before: str) -> None:
    with OnTerminal(program(notes, before)) as terminal, notes.open() as told:
        terminal.see("3\x1b[0m")  # the keys are shown, and the last of them is 3
        terminal.hang_up()
        assert end_of(terminal) == 128 + signal.SIGHUP
        assert told.read().splitlines() == [*PROPER_END, f"code {128 + signal.SIGHUP}"]


def test_a_terminal_closed_while_the_session_is_suspended_ends_it(notes: Path) -> None:
    """Its shell ends with it, so the stopped session is sent SIGHUP and SIGCONT at once."""
    with Shell(program(notes)) as shell, notes.open() as told:
        shell.see("3\x1b[0m")
        shell.type("\x1a")
        shell.see("stopped")
        shell.hang_up()
        assert shell.job_ends(30), "the session goes on without its terminal"
        assert told.read().splitlines() == [*PROPER_END, f"code {128 + signal.SIGHUP}"]


def test_sigterm_ends_a_session_whose_terminal_takes_no_output(notes: Path) -> None:
    with OnTerminal(program(notes)) as terminal, notes.open() as told:
        terminal.see("3\x1b[0m")
        terminal.type("\x13")  # Ctrl-S
        terminal.signal(signal.SIGTERM)
        code, shown = terminal.end()
        assert told.read().splitlines()[:2] == PROPER_END
    assert code == 128 + signal.SIGTERM
    assert "\x1b[?1049l" in shown, "the alternate screen was left"


def test_nohup_outlives_its_terminal(notes: Path) -> None:
    """Started as `nohup` does it, a session without a dashboard does not end with its terminal."""
    before = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
    with OnTerminal(program(notes, before, "['--no-dashboard', '--json']")) as terminal, notes.open() as told:
        assert told.readline() == "running\n"
        terminal.hang_up()
        terminal.signal(signal.SIGHUP)
        terminal.signal(signal.SIGTERM)
        assert end_of(terminal) == 128 + signal.SIGTERM


def test_output_that_nobody_reads_does_not_end_the_session(notes: Path) -> None:
    before = "import os; reading, writing = os.pipe(); os.dup2(writing, 2); os.close(reading)"
    code = program(notes, before, "['--json']")
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        with notes.open() as told:
            assert told.readline() == "running\n"
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    assert "complete" in out
