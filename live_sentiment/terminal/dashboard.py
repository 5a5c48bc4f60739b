"""The terminal dashboard: reads snapshots on its own thread and never holds up the analysis."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.text import Text

from live_sentiment.snapshot import Snapshot
from live_sentiment.terminal.compact import compact
from live_sentiment.terminal.frame import EDGES, SIDES, beside, panel
from live_sentiment.terminal.header import header
from live_sentiment.terminal.health import health
from live_sentiment.terminal.lines import ProgressLines
from live_sentiment.terminal.live import live
from live_sentiment.terminal.now import ROWS, now
from live_sentiment.terminal.rolling import UNDER_CURVE, rolling
from live_sentiment.terminal.words import words

REFRESH_HZ = 4
LEAST_WIDTH, LEAST_HEIGHT = 80, 24
"""Below this there is one line only."""
WIDE = 120
"""From this width on, words and health stand beside each other."""
LEAST_CURVE = 2
"""Rows of the curve where the devices of a live session need the room."""

Foot: TypeAlias = Callable[[Snapshot, int], Text]
"""Makes the last line, so many cells wide: which keys do what."""


class Dashboard:
    """Shows a session while it runs; a context manager.

    On a terminal it takes the alternate screen, so that what was there before stays, redraws four times a
    second, and leaves a last full frame behind. Elsewhere it prints a few plain lines.

    Args:
        read: makes a snapshot; called from the dashboard's thread.
        console: where to show it.
        foot: makes the last line; None: there is none.
    """

    def __init__(self, read: Callable[[], Snapshot], console: Console, foot: Foot | None = None) -> None:
        self._read = read
        self._console = console
        self._live = Live(
            _Frame(read, foot), console=console, screen=True, refresh_per_second=REFRESH_HZ, auto_refresh=True
        )
        self._lines = ProgressLines()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._print_lines, name="dashboard", daemon=True)

    @property
    def drawn(self) -> bool:
        """Whether it draws; else it prints lines."""
        return can_draw(self._console)

    def refresh(self) -> None:
        """Draw at once, for a person who has pressed a key; from any thread."""
        if self._live.is_started:
            self._live.refresh()

    def leave_screen(self) -> None:
        """Give the terminal back at once, without a last frame; for a process that ends right now."""
        if self._live.is_started:
            self._console.set_alt_screen(False)
            self._console.show_cursor(True)

    def __enter__(self) -> Self:
        if self.drawn:
            self._live.start(refresh=True)
        else:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.drawn:
            self._live.stop()
            self._console.print(_Frame(self._read, None))
        else:
            self._stopped.set()
            self._thread.join()
            self._print_news()

    def _print_lines(self) -> None:
        while not self._stopped.is_set():
            self._print_news()
            self._stopped.wait(1 / REFRESH_HZ)

    def _print_news(self) -> None:
        encoding = self._console.encoding
        for line in self._lines.news(self._read()):
            self._console.out(line.encode(encoding, "replace").decode(encoding), highlight=False)


def can_draw(console: Console) -> bool:
    """Whether a dashboard can be drawn: on a terminal that moves its cursor and knows Unicode."""
    able = console.is_terminal and not console.is_dumb_terminal
    return able and not console.options.ascii_only


class _Frame:
    """Renders the newest snapshot in the size that the console has at that moment."""

    def __init__(self, read: Callable[[], Snapshot], foot: Foot | None) -> None:
        self._read, self._foot = read, foot

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield render(self._read(), options.max_width, options.height or console.height, self._foot)


def render(snapshot: Snapshot, width: int, height: int, foot: Foot | None = None) -> RenderableType:
    """The dashboard of one snapshot, `height` rows of `width` cells; one line where that is too small."""
    keys = [] if foot is None else [_cut(foot(snapshot, width), width)]
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return Group(compact(snapshot, width), *(keys if height > 2 else []))
    heading = header(snapshot, width)
    # What a tall terminal has to spare goes to the drawing first, and to words and news.
    spare = height - LEAST_HEIGHT
    body = ROWS + EDGES + spare * 2 // 3
    left = 48 if width >= WIDE else 40
    upper = beside(
        panel(_now_title(snapshot), _now(snapshot, left - SIDES, body - EDGES), left, body),
        _right(snapshot, width - left, body),
    )
    below = height - len(heading) - body - len(keys)
    lower = (_side_by_side if width >= WIDE else _stacked)(snapshot, width, below)
    lines = [*heading, *upper, *lower, *keys]
    for line in lines:
        line.no_wrap = True
    return Group(*lines)


def _right(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """The curve, and below it the devices of a live session."""
    devices = [] if snapshot.live is None else live(snapshot.live, width - SIDES)
    room = height - EDGES - UNDER_CURVE - LEAST_CURVE
    lower = min(len(devices) + EDGES, room) if devices else 0
    upper = height - lower
    drawing = rolling(snapshot, width - SIDES, upper - EDGES)
    return [
        *panel("valence and emotion", drawing, width, upper),
        *(panel("live", devices, width, lower) if lower else []),
    ]


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def _side_by_side(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    left, right = width // 2, width - width // 2
    return beside(
        panel("words", words(snapshot, left - SIDES, height - EDGES), left, height),
        panel("session", health(snapshot, right - SIDES, height - EDGES), right, height),
    )


def _stacked(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    if height < 2 * EDGES + 3:  # room for two lines of words and one of news in panels of their own
        news = health(snapshot, width - SIDES, 1)
        said = words(snapshot, width - SIDES, height - EDGES - len(news))
        said += [Text()] * (height - EDGES - len(news) - len(said))
        return panel("words and news", [*said, *news], width, height)
    upper = (height + 1) // 2
    lower = height - upper
    return [
        *panel("words", words(snapshot, width - SIDES, upper - EDGES), width, upper),
        *panel("session", health(snapshot, width - SIDES, lower - EDGES), width, lower),
    ]


def _now(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    return now(snapshot.latest, width, height, _waiting(snapshot))


def _now_title(snapshot: Snapshot) -> str:
    point = snapshot.latest
    if point is None:
        return "now"
    faces = f" · {len(point.people)} faces" if len(point.people) > 1 else ""
    return f"at {point.time_s:.2f} s{'' if point.final else ' · preview'}{faces}"


def _waiting(snapshot: Snapshot) -> str:
    return "loading the models …" if snapshot.state == "starting" else "waiting for the first result …"
