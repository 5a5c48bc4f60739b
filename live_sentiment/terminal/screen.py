"""The alternate screen of a terminal: sends the lines that have changed, and no others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleDimensions
from rich.control import Control
from rich.segment import ControlType, Segment, Segments
from rich.style import Style
from rich.text import Text

REPAINT = 20
"""After so many frames everything is sent, in case something else has written on the screen."""


class Screen:
    """Shows frames on a terminal; for one thread at a time.

    What a still session sends is a few bytes a frame, which matters over a slow line.

    Args:
        console: the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: list[Text] = []
        self._size: ConsoleDimensions | None = None
        self._until_repaint = 0

    def enter(self) -> None:
        """Take the screen; what was there before comes back at `leave`."""
        self._console.set_alt_screen(True)
        self._console.show_cursor(False)
        self._until_repaint = 0

    def leave(self) -> None:
        """Give the terminal back."""
        self._console.set_alt_screen(False)
        self._console.show_cursor(True)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show lines, none wider than the terminal, from its top; below them it is empty."""
        console, before = self._console, self._shown
        segments: list[Segment] = []
        if self._size != console.size or len(before) != len(lines):
            segments.append(Control.clear().segment)
            self._until_repaint = 0
        if self._until_repaint == 0:
            before, self._until_repaint = [], REPAINT
        for row, line in enumerate(lines):
            if row < len(before) and _alike(line, before[row]):
                continue
            segments.append(Control.move_to(0, row).segment)
            # Behind a line that ends in the last column there is nothing to erase, and some terminals would
            # erase that column.
            if line.cell_len < console.width:
                segments.append(Control((ControlType.ERASE_IN_LINE, 2)).segment)
            segments += _segments(line, console)
        console.print(Segments(segments), end="", crop=False)
        self._shown, self._size = list(lines), console.size
        self._until_repaint -= 1


def _segments(line: Text, console: Console) -> Iterator[Segment]:
    """What `Text.render` gives, without its search for the styles that hold.

    The spans of a line that was laid out follow each other and never overlap.
    """
    plain, base = line.plain, console.get_style(line.style)
    at = 0
    for start, end, style in line.spans:
        if at < start:
            yield Segment(plain[at:start], base)
        if start < end:
            own = style if isinstance(style, Style) else console.get_style(style)
            yield Segment(plain[start:end], base + own if line.style else own)
        at = end
    if at < len(plain):
        yield Segment(plain[at:], base)


def _alike(one: Text, other: Text) -> bool:
    return one.style == other.style and one == other
