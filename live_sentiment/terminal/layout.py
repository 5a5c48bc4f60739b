"""The dashboard of one snapshot, laid out for the size of a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from rich.text import Text

from live_sentiment.runtime.snapshot import Snapshot
from live_sentiment.terminal.compact import compact
from live_sentiment.terminal.frame import EDGES, SIDES, beside, panel
from live_sentiment.terminal.header import header
from live_sentiment.terminal.health import brief_health, health
from live_sentiment.terminal.live_status import brief, live
from live_sentiment.terminal.now import ROWS, now
from live_sentiment.terminal.picture import camera_picture, fitted
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.rolling import UNDER_CURVE, rolling
from live_sentiment.terminal.words import words

LEAST_WIDTH, LEAST_HEIGHT = 80, 24
"""Below this there is one line only."""
WIDE = 120
"""From this width on, words and health stand beside each other."""
TALL = 30
"""From this height on there is room for a panel of health below the words; else it has two lines."""
LEFT, LEFT_WIDE = 44, 52
"""Width of the panel of the present."""
LEAST_ROLLING = 36
"""Width that the rolling timeline keeps beside a picture."""
LEAST_PICTURE = 32
"""Width that a picture needs beside it; else it stands above, or in its place."""
LEAST_CURVE = 4
"""Rows of the curve below a picture."""

Foot: TypeAlias = Callable[[Snapshot, int], Text]
"""Makes the last line, so many cells wide: which keys do what."""


def lay_out(
    snapshot: Snapshot,
    width: int,
    height: int,
    foot: Foot | None = None,
    *,
    picture: bool = False,
    colour: bool = True,
) -> list[Text]:
    """`height` lines of `width` cells; one line, and the keys, where that is too small.

    Args:
        snapshot: of the session.
        width, height: of the terminal.
        foot: makes the last line; None: there is none.
        picture: whether the camera's picture is shown.
        colour: whether the terminal shows colours; a picture without them is drawn in shades.
    """
    keys = [] if foot is None else [_cut(foot(snapshot, width), width)]
    if width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return [compact(snapshot, width), *(keys if height > 2 else [])]
    heading = header(snapshot, width)
    # What a tall terminal has to spare goes to the drawings first, and to words and news.
    spare = height - (LEAST_HEIGHT if width >= WIDE else max(LEAST_HEIGHT, TALL))
    body = ROWS + EDGES + max(spare, 0) * 2 // 3
    left = LEFT_WIDE if width >= WIDE else LEFT
    upper = beside(
        panel(_now_title(snapshot), _now(snapshot, left - SIDES, body - EDGES), left, body),
        _right(snapshot, width - left, body, picture=picture, colour=colour),
    )
    below = height - len(heading) - body - len(keys)
    lines = [*heading, *upper, *_lower(snapshot, width, below, tall=height >= TALL), *keys]
    for line in lines:
        line.no_wrap = True
    return lines


def _right(snapshot: Snapshot, width: int, height: int, *, picture: bool, colour: bool) -> list[Text]:
    """The rolling timeline, and the picture beside it, above it, or in its place."""
    if not picture:
        return _rolling_panel(snapshot, width, height)
    if width >= LEAST_ROLLING + LEAST_PICTURE:
        wide = _picture_width(snapshot, width - LEAST_ROLLING, height)
        return beside(
            _rolling_panel(snapshot, width - wide, height),
            _picture_panel(snapshot, wide, height, colour=colour),
        )
    rolled = UNDER_CURVE + LEAST_CURVE + EDGES
    above = height - rolled if height >= 2 * rolled else height
    shown = _picture_panel(snapshot, width, above, colour=colour)
    return shown if above == height else [*shown, *_rolling_panel(snapshot, width, rolled)]


def _rolling_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    drawing = rolling(snapshot, width - SIDES, height - EDGES)
    return panel("valence and emotion", drawing, width, height)


def _picture_width(snapshot: Snapshot, most: int, height: int) -> int:
    """No wider than a picture of this height needs to be."""
    if snapshot.picture is None:
        return LEAST_PICTURE
    columns, _ = fitted(snapshot.picture, most - SIDES, height - EDGES)
    return max(columns + SIDES, LEAST_PICTURE)


def _picture_panel(snapshot: Snapshot, width: int, height: int, *, colour: bool) -> list[Text]:
    inside = width - SIDES
    drawn = camera_picture(snapshot, inside, height - EDGES, colour=colour)
    above = (height - EDGES - len(drawn)) // 2
    centred = [Text(" " * ((inside - line.cell_len) // 2)).append_text(line) for line in drawn]
    return panel("picture", [*(Text() for _ in range(above)), *centred], width, height)


def _lower(snapshot: Snapshot, width: int, height: int, *, tall: bool) -> list[Text]:
    """Words, news and health."""
    if width >= WIDE:
        left, right = width // 2, width - width // 2
        return beside(_words_panel(snapshot, left, height), _session_panel(snapshot, right, height))
    if tall:
        upper = max(height * 2 // 5, EDGES + 2)
        return [
            *_words_panel(snapshot, width, upper),
            *_session_panel(snapshot, width, height - upper),
        ]
    health_lines = brief(snapshot.live, width) if snapshot.live else brief_health(snapshot, width)
    return [*_words_and_news(snapshot, width, height - len(health_lines)), *health_lines]


def _words_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    return panel(_words_title(snapshot), words(snapshot, width - SIDES, height - EDGES), width, height)


def _session_panel(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    """How a live session stands first, as far as one line of news stays."""
    inside = height - EDGES
    stand = [] if snapshot.live is None else live(snapshot.live, width - SIDES)[: inside - 1]
    news = health(snapshot, width - SIDES, inside - len(stand))
    return panel("session", [*stand, *news], width, height)


def _words_and_news(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    inside = height - EDGES
    news = health(snapshot, width - SIDES, 1, about=False)
    said = words(snapshot, width - SIDES, inside - len(news))
    said += [Text()] * (inside - len(news) - len(said))
    return panel(_words_title(snapshot), [*said, *news], width, height)


def _words_title(snapshot: Snapshot) -> str:
    """Names the recogniser: which words there are depends on it more than on anything else."""
    model = snapshot.models.get("speech")
    return printable(f"words · {model}") if model else "words"


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    return line


def _now(snapshot: Snapshot, width: int, height: int) -> list[Text]:
    waiting = "loading the models …" if snapshot.state == "starting" else "waiting for the first result …"
    return now(snapshot, width, height, waiting)


def _now_title(snapshot: Snapshot) -> str:
    point = snapshot.latest
    if point is None:
        return "now"
    faces = f" · {len(point.people)} faces" if len(point.people) > 1 else ""
    return f"at {point.time_s:.2f} s{'' if point.final else ' · preview'}{faces}"
