"""A person looks at a replay while it is analysed, and for as long as they like afterwards."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from live_sentiment.core.clock import MonotonicClock
from live_sentiment.runtime.playback import Playback, Playhead, Story
from live_sentiment.terminal.controls import ViewControls
from live_sentiment.terminal.dashboard import Dashboard
from live_sentiment.terminal.keys import Keys
from live_sentiment.terminal.player import PlayerControls
from live_sentiment.terminal.view import View

if TYPE_CHECKING:
    from rich.console import Console

    from live_sentiment.runtime.file_session import FileSession

POLL_S = 0.1
"""How soon Ctrl-C is heard while only the viewer is left."""


@contextlib.contextmanager
def watched(replay: FileSession, screen: Console) -> Iterator[None]:
    """Show how the analysis of a replay goes, as long as the block runs it; a key shows the picture, too.

    Args:
        replay: is run by the block.
        screen: a terminal, or where lines go.
    """
    view = View()
    controls = ViewControls(view)
    steered = sys.stdin is not None and sys.stdin.isatty()
    dashboard = Dashboard(replay.snapshot, screen, controls.foot if steered else None, view)

    def press(key: str) -> None:
        controls.press(key)
        dashboard.refresh()

    with contextlib.ExitStack() as showing:
        if dashboard.drawn and steered:
            showing.enter_context(Keys(press, away=dashboard.leave_screen, back=dashboard.take_screen))
        showing.enter_context(dashboard)
        yield


@contextlib.contextmanager
def viewed(
    replay: FileSession, story: Story, start_s: float, speed: float, screen: Console
) -> Iterator[None]:
    """Show a replay at a playhead; the block runs it. Where that ends well, the viewer's end is waited for.

    Args:
        replay: told its story to `story`.
        story: what is shown.
        start_s: session time at which the playhead begins.
        speed: of the playhead, to begin with.
        screen: a terminal.
    """
    playback = Playback(replay.snapshot, story, Playhead(MonotonicClock(), start_s=start_s, speed=speed))
    view = View()
    controls = PlayerControls(playback, view)
    dashboard = Dashboard(playback.snapshot, screen, controls.foot, view)

    def press(key: str) -> None:
        controls.press(key)
        dashboard.refresh()

    def look() -> None:
        with dashboard:
            controls.left.wait()
        if replay.snapshot().state == "running":
            screen.print("the analysis goes on to its end; Ctrl-C ends it at once")

    viewer = threading.Thread(target=look, name="viewer", daemon=True)
    with Keys(press, away=dashboard.leave_screen, back=dashboard.take_screen) as keys:
        viewer.start()
        try:
            yield
            while keys.active and viewer.is_alive():
                viewer.join(POLL_S)
        finally:
            controls.left.set()
            viewer.join()
