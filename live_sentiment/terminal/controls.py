"""The keys of a live session: quit, marker, pause, and the modalities off and on."""

from __future__ import annotations

from typing import Protocol

from rich.text import Text

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.terminal.theme import QUIET
from live_sentiment.terminal.view import View

LONGEST_NOTE = 200
"""Characters of a marker's note."""

_SWITCHES: dict[str, Modality] = {str(number): name for number, name in enumerate(MODALITIES, start=1)}
_CURSOR = "▏"


class Controlled(Protocol):
    """What the keys act on: a `LiveSession`."""

    def stop(self) -> None:
        """End the session properly."""
        ...

    def now_s(self) -> float:
        """Session time of this moment."""
        ...

    def mark(self, note: str, at_s: float) -> None:
        """Drop a marker at a moment of session time."""
        ...

    def pause(self) -> None:
        """Pause the analysis, or let it go on."""
        ...

    def switch(self, modality: Modality) -> None:
        """Leave a modality out, or take it in again."""
        ...


class LiveControls:
    """Turns keys into deeds, and says in one line which keys there are."""

    def __init__(self, live: Controlled, view: View) -> None:
        self._live, self._view = live, view
        self._note: str | None = None
        """What has been typed of a marker's note; None where none is being typed."""
        self._marked_s = 0.0
        """The moment that it speaks of."""

    def press(self, key: str) -> None:
        """Do what a key stands for; others do nothing."""
        if self._note is not None:
            self._type(self._note, key)
        elif key == "q":
            self._live.stop()
        elif key == "m":
            self._note, self._marked_s = "", self._live.now_s()
        elif key == "p":
            self._live.pause()
        elif key == "v":
            self._view.toggle_picture()
        elif key in _SWITCHES:
            self._live.switch(_SWITCHES[key])

    def foot(self, snapshot: Snapshot, width: int) -> Text:
        """The keys, or the note that is being typed."""
        if snapshot.state == "finishing":
            return Text("finishing the files …  Ctrl-C ends at once and leaves them as they are", style=QUIET)
        if (note := self._note) is not None:
            return _prompt(note, width)
        health = snapshot.live
        paused, off = (health.paused, health.switched_off) if health else (False, ())
        keys = {"q": "quit", "m": "marker", "p": "go on" if paused else "pause", "v": "picture"}
        keys |= {key: f"{name} {'on' if name in off else 'off'}" for key, name in _SWITCHES.items()}
        return key_line(keys, width)

    def _type(self, note: str, key: str) -> None:
        if key == "enter":
            self._note = None
            self._live.mark(note.strip(), self._marked_s)
        elif key == "escape":
            self._note = None
        elif key == "backspace":
            self._note = note[:-1]
        elif len(key) == 1:
            self._note = (note + key)[:LONGEST_NOTE]


class ViewControls:
    """The keys where nothing but the view can be changed."""

    def __init__(self, view: View) -> None:
        self._view = view

    def press(self, key: str) -> None:
        """Do what a key stands for; others do nothing."""
        if key == "v":
            self._view.toggle_picture()

    def foot(self, snapshot: Snapshot, width: int) -> Text:
        """The keys."""
        return key_line({"v": "picture", "Ctrl-C": "end"}, width)


def key_line(keys: dict[str, str], width: int) -> Text:
    """Keys with what they do, in one line, close together where `width` cells are too few."""
    apart = "   " if sum(len(f"{key} {meaning}   ") for key, meaning in keys.items()) - 3 <= width else "  "
    line = Text()
    for key, meaning in keys.items():
        line.append(apart if line else "").append(key, style="bold").append(f" {meaning}", style=QUIET)
    return line


def _prompt(note: str, width: int) -> Text:
    """The end of the note, where a person types, stays in sight."""
    before, after = "marker: ", "   Enter keeps it, Esc does not"
    line = Text(note + _CURSOR, style="bold")
    room = max(width - len(before) - len(after), 1)
    while line.cell_len > room:
        line = line[1:]
    return Text.assemble((before, QUIET), line, (after, QUIET))
