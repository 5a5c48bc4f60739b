"""Keys from a real pseudo-terminal, and what is left of its settings afterwards."""

from __future__ import annotations

import io
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TextIO

import pytest

from live_sentiment.terminal.keys import Keys
from live_sentiment.terminal.windows_console import WindowsConsole

if os.name == "nt":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)
import pty
import termios

LFLAG = 3


class Terminal:
    """A pseudo-terminal: `type` is the person, `stream` what the program reads."""

    def __init__(self) -> None:
        self.person, self._program = pty.openpty()
        self.stream: TextIO = os.fdopen(self._program, "r", closefd=False)

    def type(self, text: str) -> None:
        os.write(self.person, text.encode())

    def settings(self) -> list[object]:
        return termios.tcgetattr(self._program)

    def hears_each_key(self) -> bool:
        return not termios.tcgetattr(self._program)[LFLAG] & (termios.ECHO | termios.ICANON)

    def hang_up(self) -> None:
        os.close(self.person)
        self.person = -1

    def close(self) -> None:
        for number in (self.person, self._program):
            if number >= 0:
                os.close(number)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    made.close()


def pressed(terminal: Terminal, *typed: str, count: int) -> list[str]:
    keys: queue.Queue[str] = queue.Queue()
    with Keys(keys.put, terminal.stream) as listening:
        assert listening.active
        for text in typed:
            terminal.type(text)
        return [keys.get(timeout=10) for _ in range(count)]


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("q", ["q"]),
        ("m1 é漢", ["m", "1", " ", "é", "漢"]),
        ("\r\n", ["enter", "enter"]),
        ("\x7f\b", ["backspace", "backspace"]),
        ("\x1b[A\x1b[B\x1b[C\x1b[D", ["up", "down", "right", "left"]),
        ("\x1bOC\x1bOD", ["right", "left"]),
        ("\x1b[15~\x1b[1;5Ca", ["a"]),
        ("\x1bxa", ["a"]),
        ("\x01\x0bb", ["b"]),
    ],
)
def test_keys_have_names(terminal: Terminal, typed: str, keys: list[str]) -> None:
    assert pressed(terminal, typed, count=len(keys)) == keys


def test_the_escape_key_is_told_from_the_beginning_of_a_sequence(terminal: Terminal) -> None:
    assert pressed(terminal, "\x1b", count=1) == ["escape"]


def test_a_character_may_come_in_pieces(terminal: Terminal) -> None:
    keys: queue.Queue[str] = queue.Queue()
    first, last = "é".encode()[:1], "é".encode()[1:]
    with Keys(keys.put, terminal.stream):
        os.write(terminal.person, first)
        os.write(terminal.person, last)
        assert keys.get(timeout=10) == "é"


def test_nothing_is_echoed_and_the_settings_come_back(terminal: Terminal) -> None:
    before = terminal.settings()
    assert not terminal.hears_each_key()
    with Keys(lambda _: None, terminal.stream):
        assert terminal.hears_each_key()
    assert terminal.settings() == before


def test_the_settings_come_back_after_an_error(terminal: Terminal) -> None:
    before = terminal.settings()
    with pytest.raises(RuntimeError, match="oh no"), Keys(lambda _: None, terminal.stream):
        raise RuntimeError("oh no")
    assert terminal.settings() == before


def test_they_can_be_given_back_early(terminal: Terminal) -> None:
    before = terminal.settings()
    with Keys(lambda _: None, terminal.stream) as keys:
        keys.restore()
        assert terminal.settings() == before
    assert terminal.settings() == before


def test_what_was_typed_and_not_read_does_not_reach_the_shell(terminal: Terminal) -> None:
    release = threading.Event()
    came = threading.Event()

    def press(_: str) -> None:
        came.set()
        release.wait(10)

    with Keys(press, terminal.stream) as keys:
        terminal.type("a")
        assert came.wait(10)
        terminal.type("rm -r *\n")
        keys.restore()
        release.set()
    os.set_blocking(terminal.stream.fileno(), False)
    with pytest.raises(BlockingIOError):
        os.read(terminal.stream.fileno(), 100)


def test_a_terminal_that_hangs_up_ends_the_keys_and_nothing_else(terminal: Terminal) -> None:
    keys: queue.Queue[str] = queue.Queue()
    with Keys(keys.put, terminal.stream):
        terminal.type("a")
        assert keys.get(timeout=10) == "a"
        terminal.hang_up()
    assert keys.empty()


@pytest.mark.parametrize("stream", [io.StringIO("q"), None], ids=["a file", "nothing"])
def test_without_a_terminal_no_key_comes(stream: TextIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with Keys(lambda _: pytest.fail("a key"), stream) as keys:
        assert not keys.active
        keys.restore()


def test_a_closed_standard_input_is_no_terminal(terminal: Terminal) -> None:
    stream = io.StringIO()
    stream.close()
    with Keys(lambda _: pytest.fail("a key"), stream) as keys:
        assert not keys.active


PROGRAM = """
import sys, threading
from live_sentiment.terminal.keys import Keys
ended = threading.Event()
def press(key):
    print(key, flush=True)
    if key == "q":
        ended.set()
def say(what):
    return lambda: print(what, flush=True)
with Keys(press, away=say("away"), back=say("back")) as keys:
    print("ready" if keys.active else "deaf", flush=True)
    # A signal may reach another thread; its handler runs when the main thread next runs Python.
    while keys.active and not ended.wait(0.02):
        pass
"""


SHELL = f"""
import os, signal, subprocess, sys
def foreground(group):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
def job():
    os.setpgid(0, 0)
    foreground(os.getpid())
child = subprocess.Popen([sys.executable, '-c', {PROGRAM!r}], preexec_fn=job)
_, status = os.waitpid(child.pid, os.WUNTRACED)
foreground(os.getpgrp())
print('stopped' if os.WIFSTOPPED(status) else status, flush=True)
input()
foreground(child.pid)
os.kill(child.pid, signal.SIGCONT)
_, status = os.waitpid(child.pid, 0)
sys.exit(os.WEXITSTATUS(status))
"""
"""As much of a shell as it takes to press Ctrl-Z and to say `fg`."""


def test_a_stopped_process_gives_the_terminal_back_and_takes_it_again() -> None:
    shell, person = pty.fork()
    if shell == 0:
        os.execv(sys.executable, [sys.executable, "-c", SHELL])
    output = os.fdopen(os.dup(person), "rb", buffering=0)

    def echoes() -> bool:
        return bool(termios.tcgetattr(person)[LFLAG] & termios.ECHO)

    try:
        assert output.readline().strip() == b"ready"
        assert not echoes()
        os.write(person, b"\x1a")
        assert output.readline().strip() == b"away"
        assert output.readline().strip() == b"stopped"
        assert echoes()
        os.write(person, b"\n")
        assert output.readline().strip() == b""  # the echo of the line
        assert output.readline().strip() == b"back"
        assert not echoes()
        os.write(person, b"a")
        assert output.readline().strip() == b"a"
        os.write(person, b"q")
        _, status = os.waitpid(shell, 0)
        assert os.WEXITSTATUS(status) == 0
        assert echoes()
    finally:
        output.close()
        os.close(person)


def test_a_process_in_the_background_leaves_the_terminal_alone() -> None:
    """Touching it there would stop the process."""
    script = f"import pty, sys; sys.exit(pty.spawn([sys.executable, '-c', {BACKGROUND!r}]) >> 8)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert "deaf" in done.stdout, done.stderr


BACKGROUND = f"""
import subprocess, sys
subprocess.run([sys.executable, '-c', {PROGRAM!r}], process_group=0)
"""


def test_the_windows_console(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = list("aé\r\b\x1b\xe0H\xe0P\x00K\xe0M\xe0R\x01")
    console = SimpleNamespace(kbhit=lambda: bool(typed), getwch=lambda: typed.pop(0))
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    keyboard = WindowsConsole()
    keyboard.begin()
    assert keyboard.read() == ["a", "é", "enter", "backspace", "escape", "up", "down", "left", "right"]
    keyboard.wake()
    assert keyboard.read() == []
    keyboard.restore()
    keyboard.close()
