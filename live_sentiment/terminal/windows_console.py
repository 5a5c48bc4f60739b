"""The Windows console, which hands over each key as it is pressed."""

from __future__ import annotations

import importlib
import threading
from typing import Any

POLL_S = 0.05
"""The console offers no wait that another thread could end."""

_PREFIXES = "\x00\xe0"
"""Begin a key that types nothing; its code follows."""
_CODES = {"H": "up", "P": "down", "K": "left", "M": "right"}
_NAMES = {"\r": "enter", "\n": "enter", "\b": "backspace", "\x1b": "escape"}


class WindowsConsole:
    """Keys of the console of this process."""

    def __init__(self) -> None:
        self._console: Any = importlib.import_module("msvcrt")
        self._woken = threading.Event()

    def begin(self) -> None:
        """Nothing: reading keys one by one echoes none of them."""

    def read(self) -> list[str]:
        """The keys pressed since, or none after a moment's wait."""
        if not self._console.kbhit():
            self._woken.wait(POLL_S)
        keys = []
        while self._console.kbhit():
            typed = self._console.getwch()
            if typed in _PREFIXES:
                keys.append(_CODES.get(self._console.getwch(), ""))
            else:
                keys.append(_NAMES.get(typed, typed if typed.isprintable() else ""))
        return [key for key in keys if key]

    def wake(self) -> None:
        """Make `read` return."""
        self._woken.set()

    def resume_output(self) -> None:
        """Nothing: the console itself sees to that."""

    def restore(self) -> None:
        """Nothing: no setting was changed."""

    def close(self) -> None:
        """Nothing to let go of."""
