"""Valence and arousal as a point on a plane: where it is, how sure, and which way it came."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from live_sentiment.core.types import TimelinePoint
from live_sentiment.terminal.plane import HERE, TRAIL_S, plane
from tests.helpers.story import ABSENT, point

WIDTH, HEIGHT = 31, 15
BRAILLE = re.compile("[\u2801-\u28ff]")


def at(
    valence: float, arousal: float, *, time_s: float = 0.0, sd: float = 0.0, emotion: str = "joy"
) -> TimelinePoint:
    made = point(time_s, emotion)
    affect = replace(made.affect, valence=valence, arousal=arousal, valence_sd=sd, arousal_sd=sd)
    return replace(made, affect=affect)


def drawn(*points: TimelinePoint) -> list[str]:
    return [line.plain for line in plane(points, WIDTH, HEIGHT)]


def place(rows: list[str]) -> tuple[int, int]:
    (found,) = [(row.index(HERE), number) for number, row in enumerate(rows) if HERE in row]
    return found


def dots(rows: list[str]) -> int:
    return sum(len(BRAILLE.findall(row)) for row in rows)


def test_pleasant_is_right_and_excited_is_up() -> None:
    assert place(drawn(at(0.0, 0.0))) == (WIDTH // 2, HEIGHT // 2)
    assert place(drawn(at(1.0, 1.0))) == (WIDTH - 1, 0)
    assert place(drawn(at(-1.0, -1.0))) == (0, HEIGHT - 1)
    assert place(drawn(at(-0.5, 0.5))) == (pytest.approx(WIDTH / 4, abs=1), pytest.approx(HEIGHT / 4, abs=1))


def test_the_ellipse_is_as_wide_as_the_deviation() -> None:
    rows = drawn(at(0.0, 0.0, sd=0.5))
    columns = [match.start() for row in rows for match in BRAILLE.finditer(row)]
    assert (max(columns) - min(columns)) / WIDTH == pytest.approx(0.5, abs=0.08)
    high = [number for number, row in enumerate(rows) if BRAILLE.search(row)]
    assert (max(high) - min(high)) / HEIGHT == pytest.approx(0.5, abs=0.12)
    assert dots(drawn(at(0.0, 0.0, sd=0.1))) < dots(rows)


def test_the_trail_leads_to_the_point_and_is_forgotten() -> None:
    came = (at(-0.9, 0.0, time_s=20.0), at(0.9, 0.0, time_s=21.0))
    middle = drawn(*came)[HEIGHT // 2]
    assert len(BRAILLE.findall(middle)) > WIDTH * 0.8
    later = replace(came[1], time_s=21.0 + TRAIL_S)
    assert dots(drawn(came[0], later)) == 0


def test_nobody_there_breaks_the_trail() -> None:
    gone = replace(at(0.0, 0.0, time_s=20.5), presence=ABSENT)
    before, after = at(-0.9, 0.0, time_s=20.0), at(0.9, 0.0, time_s=21.0)
    assert dots(drawn(before, gone, after)) <= 2


@pytest.mark.parametrize("points", [(), (replace(at(0.5, 0.5), presence=ABSENT),)], ids=["none", "nobody"])
def test_without_evidence_there_are_the_axes_alone(points: tuple[TimelinePoint, ...]) -> None:
    text = "".join(drawn(*points))
    assert set(text) == set(" ┼┈┊")


def test_a_preview_is_dimmed() -> None:
    came = tuple(at(number / 10, 0.0, time_s=float(number)) for number in range(5))
    final = plane(came, WIDTH, HEIGHT)
    preview = plane((*came[:-1], replace(came[-1], final=False)), WIDTH, HEIGHT)
    assert "".join(line.plain for line in final) == "".join(line.plain for line in preview)
    styles = {str(span.style) for line in preview for span in line.spans}
    assert any(style.startswith("dim #") for style in styles)
    assert not any(
        style.startswith("dim #") for style in {str(span.style) for line in final for span in line.spans}
    )
