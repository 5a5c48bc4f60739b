"""Where C libraries print: file descriptor 2 leads nowhere while anybody asks for it, and back afterwards.

There is one descriptor for all: whoever begins first leads it away, whoever ends last leads it back, in
whatever order they end.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_asking = 0
_kept: int | None = None
"""The descriptor that 2 was, while it leads nowhere."""


@contextlib.contextmanager
def silenced(at_most_s: float | None = None) -> Iterator[None]:
    """Inside, what is printed to descriptor 2 goes nowhere; does nothing where there is none.

    Args:
        at_most_s: a block that hangs longer than this asks no more.
    """
    asked = _Asked()
    if at_most_s is None:
        bound = None
    else:
        bound = threading.Timer(at_most_s, asked.end)
        bound.daemon = True
        bound.start()
    try:
        yield
    finally:
        if bound is not None:
            bound.cancel()
        asked.end()


def own_stderr() -> int:
    """A new descriptor of where 2 leads when nobody has led it away."""
    with _lock:
        return os.dup(2 if _kept is None else _kept)


class _Asked:
    """One who asks for silence, until `end`; from any thread, and as often as it likes."""

    def __init__(self) -> None:
        global _asking, _kept  # noqa: PLW0603 (the descriptor itself is one for the whole process)
        self._ended = False
        with _lock:
            _asking += 1
            if _asking == 1:
                with contextlib.suppress(OSError):  # there is none
                    _kept = os.dup(2)
                    _lead(os.open(os.devnull, os.O_WRONLY))

    def end(self) -> None:
        global _asking, _kept  # noqa: PLW0603
        with _lock:
            if self._ended:
                return
            self._ended = True
            _asking -= 1
            if _asking == 0 and _kept is not None:
                kept, _kept = _kept, None
                _lead(kept)


def _lead(where: int) -> None:
    os.dup2(where, 2)
    os.close(where)
