"""Tests marked `realtime` have the machine for themselves: no other worker runs a test meanwhile.

A live session that shares its cores with a training skips speech, as it should, and then tells another story
than its recording.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Around fixtures, test and the time limit of both."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return (yield)
    factory: pytest.TempPathFactory = item.config._tmp_path_factory  # type: ignore[attr-defined]
    with _turn(factory.getbasetemp().parent, alone=item.get_closest_marker("realtime") is not None):
        return (yield)


@contextlib.contextmanager
def _turn(place: Path, *, alone: bool) -> Iterator[None]:
    """Hold the lock of all workers, shared or not; whoever waits to be alone keeps others from beginning.

    Args:
        place: a folder that the workers of this run share, and no other run.
        alone: wait for every test under way, and let none begin.
    """
    import fcntl

    with (place / "next.lock").open("w") as following, (place / "running.lock").open("w") as running:
        fcntl.flock(following, fcntl.LOCK_EX)
        fcntl.flock(running, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(following, fcntl.LOCK_UN)
        try:
            yield
        finally:  # by name: a process that a test forked holds the file open
            fcntl.flock(running, fcntl.LOCK_UN)
