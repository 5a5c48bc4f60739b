"""A program on a terminal of its own, and the person before it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from types import TracebackType
from typing import Self


class OnTerminal:
    """Runs Python code in the foreground of a terminal of 80×24; a context manager."""

    def __init__(self, code: str, pass_fds: tuple[int, ...] = ()) -> None:
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
            pass_fds=pass_fds,
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
        if self._person >= 0:
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

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._person)
        self._person = -1

    def wait(self, timeout_s: float) -> int:
        """The exit code; raises TimeoutExpired where it does not end."""
        return self._process.wait(timeout_s)

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


class Shell(OnTerminal):
    """As much of a shell as it takes to run a program in the foreground and to see it stopped by Ctrl-Z."""

    def __init__(self, code: str) -> None:
        self._number, job = os.pipe()
        os.set_inheritable(job, True)
        shell = f"""
import os, signal, subprocess, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
def job():
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-c", {code!r}], preexec_fn=job, pass_fds=[{job}])
os.close({job})
_, status = os.waitpid(child.pid, os.WUNTRACED)
os.tcsetpgrp(0, os.getpgrp())
print("stopped" if os.WIFSTOPPED(status) else status, flush=True)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.pause()
"""
        super().__init__(shell, pass_fds=(job,))
        os.close(job)

    def job_ends(self, timeout_s: float) -> bool:
        """Whether the program ends within the time; it alone holds the other end of a pipe."""
        ready, _, _ = select.select([self._number], [], [], timeout_s)
        return bool(ready)

    def __exit__(self, *error: object) -> None:
        super().__exit__(None, None, None)
        os.close(self._number)
