"""How times and figures are written."""

from __future__ import annotations

import pytest

from live_sentiment.report.wording import length, moment, percent, signed


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0.0, "0:00.0"), (7.46, "0:07.5"), (59.96, "1:00.0"), (3723.0, "1:02:03.0"), (7199.99, "2:00:00.0")],
)
def test_moments(time_s: float, text: str) -> None:
    assert moment(time_s) == text


@pytest.mark.parametrize(
    ("time_s", "text"),
    [
        (0.0, "0 s"),
        (0.5, "0.5 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (200.0, "3 min 20 s"),
        (3599.6, "1 h 00 min"),
        (7229.0, "2 h 00 min"),
    ],
)
def test_lengths(time_s: float, text: str) -> None:
    assert length(time_s).replace("\N{NO-BREAK SPACE}", " ") == text


def test_figures() -> None:
    assert percent(0.056) == "6\N{NO-BREAK SPACE}%"
    assert (signed(-0.256), signed(-0.0), signed(0.5)) == ("−0.26", "+0.00", "+0.50")
