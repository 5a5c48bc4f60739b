"""Panels put together line by line: all is laid out already, so that a frame costs a few milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text

from live_sentiment.terminal.theme import FRAME

EDGES = 2
"""Rows that the border of a panel takes."""
SIDES = 4
"""Columns that border and padding of a panel take."""


def panel(title: str, lines: Sequence[Text], width: int, height: int) -> list[Text]:
    """`height` lines of `width` cells: a border, its title, and inside the lines, cut or padded to fit."""
    inside = width - SIDES
    shown = [*lines[: height - EDGES], *(Text() for _ in range(height - EDGES - len(lines)))]
    framed = [Text.assemble((f"╭─ {title} ".ljust(width - 1, "─") + "╮", FRAME))]
    for line in shown:
        line.truncate(inside, overflow="ellipsis", pad=True)
        framed.append(Text.assemble(("│ ", FRAME), line, (" │", FRAME)))
    framed.append(Text("╰" + "─" * (width - 2) + "╯", style=FRAME))
    return framed


def beside(left: Iterable[Text], right: Iterable[Text]) -> list[Text]:
    """Two panels of one height, side by side."""
    return [Text.assemble(one, other) for one, other in zip(left, right, strict=True)]


def cells(drawn: Iterable[tuple[str, str]]) -> Text:
    """Characters with a style each, joined where neighbours have the same."""
    line = Text()
    for style, run in groupby(drawn, key=lambda cell: cell[1]):
        line.append("".join(character for character, _ in run), style=style)
    return line
