"""What is being said: committed words, and dimmed behind them the transcriber's guess."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.text import Text

from live_sentiment.core.types import TimelinePoint, Word
from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import EMOTION_COLOURS, QUIET

UNSURE = 0.5
"""Words less probable than this are in italics."""
MOVED = 0.05
"""Words stand out where text added at least so much to the probability of the leading emotion, and no other
modality added more."""


def words(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """The last words, on at most `height` lines of `width` cells; the newest are at the end.

    Bold, in the colour of the emotion, are those said while the words of the window spoke for the leading
    emotion, and more than face and voice did: a single word is never judged alone.
    """
    points = (*snapshot.finals, *snapshot.provisionals)
    times_s = [point.time_s for point in points]
    styled = [
        (printable(word.text), _style(word, _next(points, bisect_left(times_s, word.end_s))))
        for word in snapshot.words
    ]
    guess = [(printable(word.text), f"{QUIET} italic") for word in snapshot.partial_words]
    if guess:
        # An ellipsis tells the guess apart where styles are not shown.
        guess[0] = (f"… {guess[0][0]}", guess[0][1])
    lines = _wrapped([*styled, *guess], width)
    return lines[-height:] if lines else [Text("nothing said yet", style=QUIET)]


def _next(points: Sequence[TimelinePoint], at: int) -> TimelinePoint | None:
    return points[at] if at < len(points) else None


def _style(word: Word, point: TimelinePoint | None) -> str:
    """Of a word, by the point at which it had been said."""
    unsure = "italic" if word.probability < UNSURE else ""
    if point is None or not _text_led(point):
        return unsure
    return f"{unsure} bold {EMOTION_COLOURS[point.emotion]}"


def _text_led(point: TimelinePoint) -> bool:
    effects = point.affect.effects
    return point.presence["text"].present and effects.get("text", 0.0) >= max(MOVED, *effects.values())


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
