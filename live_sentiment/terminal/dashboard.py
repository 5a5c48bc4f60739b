"""The terminal dashboard: reads snapshots on its own thread and never holds up the analysis."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.text import Text

from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.streams.worker import is_interrupt
from live_sentiment.terminal.layout import Foot, lay_out
from live_sentiment.terminal.lines import ProgressLines
from live_sentiment.terminal.screen import Screen
from live_sentiment.terminal.view import View

REFRESH_HZ = 4
_UNSHOWABLE = (Exception, SystemExit)
"""SystemExit: rich leaves the program when nobody reads what it prints."""
WAIT_S = 1.0
"""What a frame that is being drawn is given before the screen is left all the same."""


class SteadyConsole(Console):
    """A console whose broken pipe is an error like others.

    rich itself would lead standard output nowhere, even where this console is on standard error.
    """

    def on_broken_pipe(self) -> None:
        """Nobody reads any more."""
        raise BrokenPipeError


class Dashboard:
    """Shows a session while it runs; a context manager.

    On a terminal it takes the alternate screen, so that what was there before stays, redraws four times a
    second, and leaves a last full frame behind. Elsewhere it prints a few plain lines. Where nobody reads any
    more (a closed terminal, a broken pipe), or where a frame cannot be made, it shows nothing from then on.

    Args:
        read: makes a snapshot; called from the dashboard's thread.
        console: where to show it.
        foot: makes the last line; None: there is none.
        view: what a person has chosen to see.
    """

    def __init__(
        self,
        read: Callable[[], Snapshot],
        console: Console,
        foot: Foot | None = None,
        view: View | None = None,
    ) -> None:
        self._read, self._console = read, console
        self._foot, self._view = foot, view or View()
        self._screen = Screen(console)
        self._lines = ProgressLines()
        self._stopped, self._due = threading.Event(), threading.Event()
        self._away = False
        self.failure: BaseException | None = None
        """Why nothing is shown any more; None while all is well."""
        self._drawing = threading.RLock()
        self._thread = threading.Thread(
            target=self._draw if self.drawn else self._print, name="dashboard", daemon=True
        )

    @property
    def drawn(self) -> bool:
        """Whether it draws; else it prints lines."""
        return can_draw(self._console)

    def refresh(self) -> None:
        """Draw at once, for a person who has pressed a key; from any thread."""
        self._due.set()

    def leave_screen(self) -> None:
        """Give the terminal back at once, without a last frame: the process ends or is stopped right now.

        For the main thread, also in a signal's handler.
        """
        if self.drawn and self._thread.is_alive() and not self._away:
            # A terminal that takes no output (Ctrl-S) holds up the thread that draws, but nobody else.
            waited = self._drawing.acquire(timeout=WAIT_S)
            self._away = True
            _failure_of(self._screen.leave)
            if waited:
                self._drawing.release()

    def take_screen(self) -> None:
        """Draw again after `leave_screen`."""
        if self._away and self._thread.is_alive():
            with self._drawing:
                self._away = False
                self._try(self._screen.enter)
            self.refresh()

    def __enter__(self) -> Self:
        if self.drawn:
            self._try(self._screen.enter)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._due.set()
        # A terminal that takes no output (Ctrl-S) must not keep the program from ending.
        self._thread.join(WAIT_S)
        if self._thread.is_alive():
            return
        if self.drawn:
            if not self._away:
                _failure_of(self._screen.leave)  # even where no frame could be made
            self._try(lambda: self._console.print(Group(*self._frame(None))))
        else:
            self._try(self._print_news)

    def _draw(self) -> None:
        while not self._stopped.is_set() and self.failure is None:
            self._due.clear()
            with self._drawing:
                if not self._away:
                    self._try(lambda: self._screen.draw(self._frame(self._foot)))
            self._due.wait(1 / REFRESH_HZ)

    def _try(self, show: Callable[[], object]) -> None:
        """What is shown is never worth a session: the first failure is the last attempt."""
        if self.failure is None:
            self.failure = _failure_of(show)

    def _frame(self, foot: Foot | None) -> list[Text]:
        size, console = self._console.size, self._console
        colour = console.color_system is not None and not console.no_color
        shown = self._view.picture
        return lay_out(self._read(), size.width, size.height, foot, picture=shown, colour=colour)

    def _print(self) -> None:
        while not self._stopped.is_set() and self.failure is None:
            self._try(self._print_news)
            self._stopped.wait(1 / REFRESH_HZ)

    def _print_news(self) -> None:
        encoding = self._console.encoding
        for line in self._lines.news(self._read()):
            self._console.out(line.encode(encoding, "replace").decode(encoding), highlight=False)


def _failure_of(show: Callable[[], object]) -> BaseException | None:
    try:
        show()
    except _UNSHOWABLE as error:
        if is_interrupt(error):
            raise
        return error
    return None


def render(snapshot: Snapshot, width: int, height: int, foot: Foot | None = None, **options: bool) -> Group:
    """The dashboard of one snapshot as something to print; the arguments are those of `lay_out`."""
    return Group(*lay_out(snapshot, width, height, foot, **options))


def can_draw(console: Console) -> bool:
    """Whether a dashboard can be drawn: on a terminal that moves its cursor and knows Unicode."""
    able = console.is_terminal and not console.is_dumb_terminal
    return able and not console.options.ascii_only
