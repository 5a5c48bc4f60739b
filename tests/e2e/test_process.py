"""The program as a process: whatever happens to it or its streams, nobody sees a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "live_sentiment"]

_INTERRUPTED_IMPORT = """
import runpy, signal, sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            {signal}
sys.meta_path.insert(0, Interrupts())
sys.argv = ["live-sentiment", "replay", "/nowhere/talk.mp4"]
runpy.run_module("live_sentiment", run_name="__main__")
"""


@pytest.mark.parametrize(
    "module",
    [
        "live_sentiment.console",
        "live_sentiment.console.main",
        "argparse",
        "live_sentiment.console.card",
        "pydantic",
        "live_sentiment.sources.media.inputs",
        "av",
    ],
)
def test_ctrl_c_while_it_starts_is_one_line(module: str) -> None:
    code = _INTERRUPTED_IMPORT.format(name=module, signal="raise KeyboardInterrupt")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "live-sentiment: interrupted\n")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("module", ["argparse", "live_sentiment.console.card", "av"])
def test_sigterm_while_it_starts_is_one_line(module: str) -> None:
    code = _INTERRUPTED_IMPORT.format(name=module, signal="signal.raise_signal(signal.SIGTERM)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (143, "live-sentiment: interrupted\n")


_SIGNALLED = """
import signal
from live_sentiment.console.process import prepared
signal.signal(signal.SIGHUP, signal.{hang_up})
signal.signal(signal.SIGTERM, signal.SIG_DFL)
with prepared():
    for name in {sent}:
        try:
            signal.raise_signal(signal.Signals[name])
            print(name, "ignored")
        except SystemExit as error:
            print(name, error.code, error)
print(signal.getsignal(signal.SIGHUP).name, signal.getsignal(signal.SIGTERM).name)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("hang_up", "sent", "printed"),
    [
        (
            "SIG_DFL",
            ["SIGHUP", "SIGTERM", "SIGHUP"],
            ["SIGHUP 129 interrupted", "SIGTERM ignored", "SIGHUP ignored"],
        ),
        (
            "SIG_IGN",
            ["SIGHUP", "SIGTERM"],
            ["SIGHUP ignored", "SIGTERM 143 interrupted"],
        ),  # as `nohup` starts it
    ],
)
def test_a_signal_is_an_exception_once_unless_it_is_ignored(
    hang_up: str, sent: list[str], printed: list[str]
) -> None:
    code = _SIGNALLED.format(hang_up=hang_up, sent=sent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [*printed, f"{hang_up} SIG_DFL"]


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
@pytest.mark.parametrize("argument", ["schema", "--help"])
def test_a_reader_that_leaves_ends_it_quietly(argument: str) -> None:
    read, write = os.pipe()
    os.close(read)
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    done = subprocess.run(
        [*PROGRAM, argument], stdout=write, stderr=subprocess.PIPE, check=False, env=buffered
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["schema"],
        ["models", "list", "--json"],
        ["models", "list"],
    ],
    ids=" ".join,
)
def test_standard_output_on_a_full_disk_is_one_line(arguments: list[str], unbuffered: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    line = "live-sentiment: cannot write to standard output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, line)


@pytest.mark.skipif(os.name == "nt", reason="streams of POSIX")
def test_closed_streams_are_no_reason_to_fail() -> None:
    done = subprocess.run(["/bin/sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *PROGRAM, "schema"], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "iso8859-5", "shift_jis"])
def test_what_the_terminal_cannot_show_is_replaced(encoding: str) -> None:
    done = subprocess.run(
        [*PROGRAM, "bench", "dashboard", "--frames", "2"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    rows = done.stdout.decode(encoding)
    assert "80x24" in rows or "80×24" in rows


@pytest.mark.parametrize("columns", ["0", "1", "20"])
@pytest.mark.parametrize(
    ("command", "shown"),
    [(["bench", "dashboard", "--frames", "2"], "80×24"), (["models", "list"], "whisper-tiny.en")],
)
def test_a_width_that_no_terminal_has_loses_nothing(columns: str, command: list[str], shown: str) -> None:
    done = subprocess.run(
        [*PROGRAM, *command],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": columns},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert shown in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="file names of Linux")
def test_a_name_that_is_not_utf_8_is_told() -> None:
    done = subprocess.run([*PROGRAM, "replay", b"/nowhere/\xff\x1b2J.mp4"], capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.decode().endswith("no such file: /nowhere/��2J.mp4\n")


def test_help_survives_a_terminal_that_has_no_box_characters() -> None:
    for command in ("replay", "run", "export"):
        done = subprocess.run(
            [*PROGRAM, command, "--help"],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        assert (done.returncode, done.stderr) == (0, b"")
