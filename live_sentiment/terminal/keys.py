"""Single keys from the terminal, as they are pressed: without Enter and without echo."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TextIO

JOIN_S = 1.0
"""A reader that hangs in the system for longer is left behind; its thread is a daemon."""


class Keyboard(Protocol):
    """Where keys come from: a terminal on POSIX, the console on Windows."""

    def begin(self) -> None:
        """Switch echo and line editing off."""
        ...

    def read(self) -> list[str]:
        """Wait for keys and name them; an empty list after `wake`, and now and then.

        Raises:
            EOFError: the terminal is gone.
        """
        ...

    def wake(self) -> None:
        """Make `read` return; from any thread."""
        ...

    def resume_output(self) -> None:
        """Let output go on that a person has stopped."""
        ...

    def restore(self) -> None:
        """Give the terminal its own settings back; on the thread that began, also in a signal's handler."""
        ...

    def close(self) -> None:
        """Let go of it, after `restore` and when nobody reads any more."""
        ...


class Keys:
    """Calls `press` with every key, on a thread of its own; a context manager.

    A key is the character it types, or its name: enter, escape, backspace, up, down, left, right. Ctrl-C and
    Ctrl-Z stay what they are, and so does everything where `stream` is no terminal or belongs to somebody
    else: then no key ever comes. The terminal is given back as it was, whatever ends the block.

    Args:
        press: is told of each key; must not raise.
        stream: where a person types; default: standard input.
        away: is called before Ctrl-Z stops the process, on the main thread.
        back: is called when it has come to the foreground again; from any thread.
        on_hang_up: is called when the terminal is gone, on the thread of the keys.
    """

    def __init__(
        self,
        press: Callable[[str], None],
        stream: TextIO | None = None,
        *,
        away: Callable[[], None] = lambda: None,
        back: Callable[[], None] = lambda: None,
        on_hang_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._press, self._away, self._back, self._on_hang_up = press, away, back, on_hang_up
        self._stream = sys.stdin if stream is None else stream
        self._keyboard: Keyboard | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="keys", daemon=True)

    @property
    def active(self) -> bool:
        """Whether keys come."""
        return self._keyboard is not None

    def __enter__(self) -> Self:
        self._keyboard = open_keyboard(self._stream, self._away, self._back)
        if self._keyboard is not None:
            self._keyboard.begin()
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._keyboard is None:
            return
        self._stopped.set()
        self._keyboard.wake()
        self._thread.join(JOIN_S)
        self._keyboard.restore()
        if not self._thread.is_alive():
            self._keyboard.close()
        self._keyboard = None

    def resume_output(self) -> None:
        """Let output go on that a person has stopped; before the end of a session is shown."""
        if self._keyboard is not None:
            self._keyboard.resume_output()

    def restore(self) -> None:
        """Give the terminal back at once; for a process that ends without leaving the block."""
        if self._keyboard is not None:
            self._keyboard.restore()

    def _read(self) -> None:
        assert self._keyboard is not None
        keyboard = self._keyboard
        try:
            while not self._stopped.is_set():
                for key in keyboard.read():
                    self._press(key)
        except EOFError:
            self._on_hang_up()


def open_keyboard(stream: TextIO, away: Callable[[], None], back: Callable[[], None]) -> Keyboard | None:
    """The keyboard behind a stream; None where a program cannot or should not listen to one."""
    try:
        if not stream.isatty():
            return None
        number = stream.fileno()
    except (AttributeError, OSError, ValueError):  # no standard input at all, or a closed one
        return None
    if os.name == "nt":
        from live_sentiment.terminal.windows_console import WindowsConsole

        return WindowsConsole()
    from live_sentiment.terminal.posix_terminal import PosixTerminal

    terminal = PosixTerminal(number, away, back)
    return terminal if terminal.ours() else None
