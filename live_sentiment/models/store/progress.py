"""How a person sees a download: short notes, and a bar that counts bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class Progress(Protocol):
    """Told of what the store does that takes time."""

    def note(self, text: str) -> None:
        """Say one line."""

    def download(self, label: str, total_bytes: int) -> AbstractContextManager[Callable[[int], None]]:
        """Open a bar; the function it yields takes the bytes done so far."""


class NoProgress:
    """Says nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    @contextlib.contextmanager
    def download(self, label: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Draw nothing."""
        yield lambda done_bytes: None


class TerminalProgress:
    """Notes and bars on standard error; without a terminal, notes only."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, soft_wrap=True, highlight=False)

    def note(self, text: str) -> None:
        """Say one line."""
        self._console.print(text, markup=False)

    @contextlib.contextmanager
    def download(self, label: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
        """Draw a bar with bytes, speed and time left, and take it away at the end."""
        from rich import progress

        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(),
        )
        bar = progress.Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        )
        with bar:
            task = bar.add_task(label, total=total_bytes)
            yield lambda done_bytes: bar.update(task, completed=min(done_bytes, total_bytes))
