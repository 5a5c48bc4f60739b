"""Keeps what C libraries print off the screen that is drawn: PortAudio's own thread complains there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from live_sentiment.core.native_stderr import own_stderr, silenced


@contextmanager
def kept_off_the_screen() -> Iterator[None]:
    """Inside, file descriptor 2 leads nowhere; Python's own `sys.stderr` goes where it went before.

    Does nothing where the standard error stream is no terminal, or no file at all.
    """
    try:
        on_screen = sys.stderr.isatty() and sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):
        on_screen = False
    if not on_screen:
        yield
        return
    before = sys.stderr
    before.flush()
    kept = own_stderr()
    try:
        with (
            silenced(),
            open(
                kept, "w", encoding=before.encoding, errors=before.errors, buffering=1, closefd=False
            ) as own,
        ):
            sys.stderr = own
            yield
    finally:
        sys.stderr = before
        os.close(kept)
