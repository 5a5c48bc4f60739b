"""The keys of a playback: play and pause, back and forth, faster and slower, and leave."""

from __future__ import annotations

import threading

from rich.text import Text

from live_sentiment.runtime.playback import Playback
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.terminal.controls import key_line
from live_sentiment.terminal.theme import ALERT, QUIET, clock
from live_sentiment.terminal.view import View

SEEK_S = 5.0


class PlayerControls:
    """Turns keys into movements of the playhead; `left` is set when the viewer has had enough."""

    def __init__(self, playback: Playback, view: View) -> None:
        self._playback, self._playhead, self._view = playback, playback.playhead, view
        self.left = threading.Event()

    def press(self, key: str) -> None:
        """Do what a key stands for; others do nothing."""
        match key:
            case "q":
                self.left.set()
            case "v":
                self._view.toggle_picture()
            case " ":
                self._playhead.toggle()
            case "left":
                self._playhead.seek(-SEEK_S)
            case "right":
                self._playhead.seek(SEEK_S)
            case "+" | "=":  # the same key, with and without Shift
                self._playhead.faster()
            case "-" | "_":
                self._playhead.slower()

    def foot(self, snapshot: Snapshot, width: int) -> Text:
        """How it plays, how far the analysis has come, and the keys."""
        speed = self._playhead.speed
        line = Text.assemble(
            ("▶ " if self._playhead.playing else "⏸ ", "bold"),
            "max" if speed is None else f"{speed:g}×",
            (f"  analysed to {clock(self._playback.reach_s)}", QUIET),
            "   ",
        )
        if snapshot.failure:
            line.append("failed   ", style=ALERT)
        space = "pause" if self._playhead.playing else "play"
        keys = {"space": space, "←/→": f"{SEEK_S:g} s", "+/−": "speed", "v": "picture", "q": "leave"}
        return line + key_line(keys, width - line.cell_len)
