"""A terminal that was closed while a program ran: what is still printed goes nowhere, instead of failing."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

_STREAMS = (0, 1, 2)


@contextlib.contextmanager
def outlived_terminal() -> Iterator[None]:
    """Behind the block, standard streams that led to a terminal which is gone by then lead nowhere.

    Streams that lead elsewhere, to a file or a pipe, are left as they are.
    """
    terminals = [number for number in _STREAMS if _is_terminal(number)]
    try:
        yield
    finally:
        gone = [number for number in terminals if not _is_terminal(number)]
        if gone:
            _lead_nowhere(gone)


def _lead_nowhere(numbers: list[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(nowhere, number)
    os.close(nowhere)
    # What Python could not write before would fail once more; now it goes the same way.
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):
                stream.flush()


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:
        return False
