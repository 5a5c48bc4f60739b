"""How figures are written and bars are drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Event
from live_sentiment.terminal.plot import curve, level
from live_sentiment.terminal.printable import printable
from live_sentiment.terminal.theme import (
    ALERT,
    BUSY,
    EMOTION_COLOURS,
    FRAME,
    GOOD,
    MODALITY_COLOURS,
    POLARITY_COLOURS,
    bar,
    clock,
    percent,
    said,
    signed,
    span,
)


def test_everything_has_a_colour():
    assert set(EMOTION_COLOURS) == set(EMOTIONS)
    assert set(MODALITY_COLOURS) == set(MODALITIES)
    assert set(POLARITY_COLOURS) == set(POLARITIES)


@given(st.floats(-1, 2), st.integers(1, 60))
def test_a_bar_is_as_long_as_it_should_be(part, width):
    full, track = bar(part, width)
    assert len(full + track) == width
    assert abs(full.count("━") + full.count("╸") / 2 - min(max(part, 0), 1) * width) <= 0.25 + 1e-9


@pytest.mark.parametrize("ground", ["#000000", "#1e1e1e", "#ffffff", "#fdf6e3"])
def test_every_colour_reads_on_dark_and_on_light_ground(ground):
    """3:1, what WCAG 2 asks of graphics and large text."""
    colours = {*EMOTION_COLOURS.values(), *POLARITY_COLOURS.values(), *MODALITY_COLOURS.values()}
    for colour in {*colours, ALERT.split()[-1], BUSY, FRAME, GOOD}:
        lower, higher = sorted((luminance(colour), luminance(ground)))
        assert (higher + 0.05) / (lower + 0.05) >= 3, colour


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (clock(0), "0:00"),
        (clock(67.9), "1:07"),
        (clock(3723.4), "1:02:03"),
        (span(6.6), "7 s"),
        (span(59.6), "1 min 00 s"),
        (span(200), "3 min 20 s"),
        (span(3900), "1 h 05 min"),
        (percent(0.034), " 3 %"),
        (percent(1.0), "100 %"),
        (signed(0.5), "+0.50"),
        (signed(-0.25), "−0.25"),
        (printable("näme 漢\t\x1b"), "näme 漢��"),
    ],
)
def test_figures_are_written_for_people(written, expected):
    assert written == expected


@given(st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=1, max_size=80), st.integers(1, 12))
def test_a_curve_has_its_size_and_gaps(values, height):
    rows = curve(values, height)
    assert len(rows) == height
    assert {len(row) for row in rows} == {(len(values) + 1) // 2}
    if all(value is None for value in values):
        assert set("".join(rows)) == {" "}


def test_a_jump_is_drawn_as_a_line():
    assert curve([1.0, -1.0], 3) == ["⢱", "⢸", "⢸"]
    assert curve([-1.0, 1.0], 1) == ["⡸"]


def test_levels_count_from_the_top():
    assert [level(value, 5) for value in (1.0, 0.5, 0.0, -1.0, 7.0)] == [0, 1, 2, 4, 0]


def test_a_marker_is_told_apart_from_what_the_program_says():
    assert said(Event(1.0, "marker", "he\nsmiles")) == "marker: he\N{REPLACEMENT CHARACTER}smiles"
    assert said(Event(1.0, "marker", "marker")) == "marker"
    assert said(Event(1.0, "gap", "0.4 s are missing")) == "0.4 s are missing"
