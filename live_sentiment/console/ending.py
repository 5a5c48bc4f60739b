"""How a person or a system ends a session: properly at the first signal, at once at a second Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from live_sentiment.core.clock import Clock

SAME_S = 0.3
"""A second Ctrl-C within this is the first one, passed on by a wrapper that heard it too."""

_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
]
_HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)


class Ending:
    """Hears the signals that end a program while its block runs; for the main thread.

    Args:
        clock: tells two presses apart.
        at_once: is called before the process ends at a second Ctrl-C; gives the terminal back.
        leave: ends the process with an exit code.
    """

    def __init__(
        self, clock: Clock, at_once: Callable[[], None], leave: Callable[[int], object] = os._exit
    ) -> None:
        self._clock, self._at_once, self._leave = clock, at_once, leave
        self._signal: int | None = None
        self._heard_s = 0.0
        self._before: dict[signal.Signals, Any] = {}

    @property
    def asked(self) -> bool:
        """Whether a signal has come."""
        return self._signal is not None

    @property
    def exit_code(self) -> int:
        """As shells have it: 128 and the number of the first signal; 0 without one."""
        return 0 if self._signal is None else 128 + self._signal

    def hang_up(self) -> None:
        """The terminal is gone: as its signal, which not every system and shell sends; from any thread."""
        if self._signal is None:
            self._signal = _HANG_UP

    def __enter__(self) -> Self:
        heard = [
            number
            for number in _SIGNALS
            # Whoever starts a program with `nohup` wants it to outlive the terminal.
            if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN
        ]
        self._before = {number: signal.signal(number, self._hear) for number in heard}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        now_s = self._clock.now_s()
        if self._signal is None:
            self._signal, self._heard_s = number, now_s
        elif number == signal.SIGINT and now_s - self._heard_s > SAME_S:
            self._at_once()
            self._leave(128 + number)
