"""Run a downloading program beside us, and tell how far it is by the growth of the folder that it fills.

Counting bytes on disk works with every version of every downloader, and a program of its own can be stopped
at any moment without leaving a thread or a connection behind.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.errors import RunError

_POLL_S = 0.2
"""How often the folder is looked at."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the program ended."""

    succeeded: bool
    lines: tuple[str, ...]
    """What it said on standard output and error, without empty lines."""


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    advance: Callable[[int], None],
    *,
    most_bytes: int,
) -> Outcome:
    """Run `command` without input until it ends; `advance` is told the bytes it has put into `folder`.

    It is killed if we are interrupted.

    Args:
        command: the program and its arguments.
        folder: that it fills.
        environment: all that it is given.
        advance: see above.
        most_bytes: it is killed when there is more than this in `folder`.

    Raises:
        RunError: there was.
        OSError: the log beside `folder` cannot be written, or the program not started.
    """
    log = folder.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
        )
        try:
            while _is_running(process):
                there = _bytes_in(folder)
                if there > most_bytes:
                    raise RunError(f"what comes is larger than the {most_bytes / 1e6:.0f} MB it may be")
                advance(there)
        finally:
            process.kill()
            process.wait()
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return Outcome(process.returncode == 0, tuple(line.strip() for line in lines if line.strip()))


def _is_running(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(timeout=_POLL_S)
    except subprocess.TimeoutExpired:
        return True
    return False


def _bytes_in(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).stat().st_size
            except OSError:  # moved meanwhile
                continue
    return total
