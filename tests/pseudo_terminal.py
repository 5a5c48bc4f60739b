"""A program on a terminal of its own, and the person before it."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from types import TracebackType
from typing import Self


class OnTerminal:
    """Runs Python code in the foreground of a terminal of 80×24; a context manager."""

    def __init__(self, code: str) -> None:
        self._person, program = pty.openpty()
        termios.tcsetwinsize(program, (24, 80))

        def take_terminal() -> None:
            """Become the one who hears its Ctrl-C."""
            signal.signal(signal.SIGINT, signal.default_int_handler)
            fcntl.ioctl(program, termios.TIOCSCTTY, 0)

        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=program,
            stdout=program,
            stderr=program,
            start_new_session=True,
            preexec_fn=take_terminal,  # noqa: PLW1509 (no threads here)
            env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        )
        os.close(program)
        self._seen = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._person)

    def type(self, text: str) -> None:
        os.write(self._person, text.encode())

    def see(self, text: str) -> str:
        """Wait until a text is shown; everything since the last wait, up to and with it."""
        wanted = text.encode()
        while wanted not in self._seen:
            piece = self._read()
            if not piece:
                raise AssertionError(f"{text!r} never came: {self._seen.decode('utf-8', 'replace')}")
            self._seen += piece
        shown, _, self._seen = self._seen.partition(wanted)
        return (shown + wanted).decode("utf-8", "replace")

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit code, and everything shown since the last wait."""
        while piece := self._read():
            self._seen += piece
        return self._process.wait(30), self._seen.decode("utf-8", "replace")

    def _read(self) -> bytes:
        try:
            return os.read(self._person, 4096)
        except OSError:  # the terminal has no other end any more
            return b""
