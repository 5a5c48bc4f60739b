"""What a person sees of a download."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from live_sentiment.models.store.progress import NoProgress, TerminalProgress


def drawn(*, terminal: bool) -> str:
    progress = TerminalProgress()
    screen = io.StringIO()
    progress._console = Console(file=screen, force_terminal=terminal, width=120, color_system=None)
    progress.note("a note with [brackets]")
    with progress.download("toy from the package index", 2_000_000) as advance:
        advance(1_000_000)
        advance(9_000_000)
    return screen.getvalue()


def test_a_terminal_shows_a_bar_with_bytes() -> None:
    screen = drawn(terminal=True)
    assert "a note with [brackets]" in screen
    assert "toy from the package index" in screen
    assert "2.0/2.0 MB" in screen, "what pip holds twice for a moment does not count twice"


def test_a_log_shows_the_notes_only() -> None:
    assert drawn(terminal=False).strip() == "a note with [brackets]"


def test_no_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = NoProgress()
    quiet.note("something")
    with quiet.download("toy", 10) as advance:
        advance(5)
    assert capsys.readouterr() == ("", "")
