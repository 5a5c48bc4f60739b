"""What is being said: committed words, and dimmed behind them the transcriber's guess."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text

from live_sentiment.snapshot import Snapshot
from live_sentiment.terminal.theme import QUIET

UNSURE = 0.5
"""Words less probable than this are in italics."""


def words(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """The last words, on at most `height` lines of `width` cells; the newest are at the end."""
    styled = [(word.text, "italic" if word.probability < UNSURE else "") for word in snapshot.words]
    guess = [(word.text, f"{QUIET} italic") for word in snapshot.partial_words]
    if guess:
        # An ellipsis tells the guess apart where styles are not shown.
        guess[0] = (f"… {guess[0][0]}", guess[0][1])
    lines = _wrapped([*styled, *guess], width)
    return lines[-height:] if lines else [Text("nothing said yet", style=QUIET)]


def _wrapped(styled: Iterable[tuple[str, str]], width: int) -> list[Text]:
    lines: list[Text] = []
    for text, style in styled:
        if not lines or lines[-1].cell_len + 1 + cell_len(text) > width:
            lines.append(Text())
        elif lines[-1]:
            lines[-1].append(" ")
        lines[-1].append(text, style=style)
        lines[-1].truncate(width, overflow="ellipsis")
    return lines
