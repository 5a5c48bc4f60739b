"""A POSIX terminal that hands over each key as it is pressed."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import select
import signal
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from types import FrameType

ESCAPE_S = 0.05
"""An escape character that nothing follows for so long was the Escape key and begins no sequence."""
BACKGROUND_S = 0.5
"""How often a process in the background looks whether it has come to the front."""

_NAMES = {
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x1b": "escape",
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1b[C": "right",
    "\x1b[D": "left",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1bOC": "right",
    "\x1bOD": "left",
}
_KEY = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~]|[^\x1b\[O])|[^\x1b]", re.DOTALL)
"""A control sequence of ECMA-48, a single shift (xterm's cursor keys), Alt with a key, or a character."""


class PosixTerminal:
    """The terminal behind a file descriptor.

    While it listens, Ctrl-Z gives the terminal back before the process stops, and takes it again when the
    process goes on in the foreground. Both happen on the main thread, which therefore must not wait for long
    without running any Python.

    Args:
        number: the file descriptor.
        away: is called before the process stops.
        back: is called when it has come to the foreground again; from any thread.
    """

    def __init__(
        self,
        number: int,
        away: Callable[[], None] = lambda: None,
        back: Callable[[], None] = lambda: None,
    ) -> None:
        self._number, self._away, self._back = number, away, back
        self._stopped = False
        self._woken, self._waker = os.pipe()
        self._settings: list[object] | None = None
        self._before: dict[signal.Signals, object] = {}
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._text = ""

    def ours(self) -> bool:
        """Whether this process is in the terminal's foreground: others are stopped when they touch it."""
        try:
            return os.tcgetpgrp(self._number) == os.getpgrp()
        except OSError:  # not the terminal that controls this session, so nobody else reads it either
            return True

    def begin(self) -> None:
        """Switch echo and line editing off; signals from the keyboard stay."""
        with contextlib.suppress(termios.error):  # it has hung up: `read` says so
            self._settings = termios.tcgetattr(self._number)
            tty.setcbreak(self._number, termios.TCSANOW)
        # Python tells signals to the main thread only.
        if threading.current_thread() is threading.main_thread():
            self._before = {
                signal.SIGTSTP: signal.signal(signal.SIGTSTP, self._stop),
                signal.SIGCONT: signal.signal(signal.SIGCONT, self._go_on),
            }

    def read(self) -> list[str]:
        """Wait for keys and name them.

        Raises:
            EOFError: the terminal has hung up.
        """
        if not self.ours():
            select.select([self._woken], [], [], BACKGROUND_S)
            self._take()
            return []
        ready, _, _ = select.select([self._number, self._woken], [], [], ESCAPE_S if self._text else None)
        if self._number in ready and self.ours():
            self._text += self._decoder.decode(self._bytes())
        elif not ready:
            given_up, self._text = self._text, ""
            return ["escape"] if given_up == "\x1b" else []
        return list(self._keys())

    def wake(self) -> None:
        """Make `read` return."""
        os.write(self._waker, b"\0")

    def resume_output(self) -> None:
        """Let output go on that was stopped with Ctrl-S; a program could not print its end."""
        with contextlib.suppress(termios.error):
            if self.ours():
                # What a key has stopped, Linux lets go on only after a stop of the program's own.
                termios.tcflow(self._number, termios.TCOOFF)
                termios.tcflow(self._number, termios.TCOON)

    def restore(self) -> None:
        """Give the terminal its settings back, and drop what was typed and not read."""
        if self._settings is None:
            return
        settings, self._settings = self._settings, None
        self._give_back(settings)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before = {}

    def close(self) -> None:
        """Close the pipe that wakes the reader; the terminal itself stays open."""
        os.close(self._woken)
        os.close(self._waker)

    def _bytes(self) -> bytes:
        try:
            read = os.read(self._number, 1024)
        except OSError as error:
            raise EOFError from error
        if not read:
            raise EOFError
        return read

    def _keys(self) -> Iterator[str]:
        end = 0
        for match in _KEY.finditer(self._text):
            typed, end = match.group(), match.end()
            if typed in _NAMES:
                yield _NAMES[typed]
            elif typed.isprintable():
                yield typed
        self._text = self._text[end:]

    def _give_back(self, settings: list[object]) -> None:
        with contextlib.suppress(termios.error):  # it has hung up
            # At once: waiting for the output to drain could last for ever on a terminal that was stopped.
            termios.tcsetattr(self._number, termios.TCSANOW, settings)  # type: ignore[arg-type]
            termios.tcflush(self._number, termios.TCIFLUSH)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopped = True
        self._away()
        if self._settings is not None:
            self._give_back(self._settings)
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)

    def _go_on(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTSTP, self._stop)
        self._take()

    def _take(self) -> None:
        if self._settings is not None and self.ours():
            # A process whose terminal was closed while it was stopped is sent SIGHUP and SIGCONT together.
            with contextlib.suppress(termios.error):
                tty.setcbreak(self._number, termios.TCSANOW)
            if self._stopped:
                self._stopped = False
                self._back()
