"""What is measured of the dashboard, and that the measured session is a busy one; never how long it takes."""

from __future__ import annotations

import pytest

from live_sentiment.core.types import MODALITIES
from live_sentiment.terminal.cost import PICTURES, busy_session, measure
from live_sentiment.terminal.layout import lay_out


def test_every_terminal_is_measured_with_and_without_the_picture() -> None:
    costs = measure(3, [(80, 24), (120, 40)])
    assert [(cost.width, cost.height) for cost in costs] == [(80, 24), (120, 40)]
    for cost in costs:
        assert cost.frame_ms > 0
        assert cost.picture_ms >= 0
        assert cost.dashboard_share == pytest.approx(cost.frame_ms / 250)
        assert cost.picture_share == pytest.approx(cost.picture_ms / 200)
        assert cost.picture_sent_bytes > cost.sent_bytes > 0


def test_nothing_stands_still_in_the_session() -> None:
    one, other = busy_session(60.0, 0), busy_session(60.25, 1)
    rows = [[line.plain for line in lay_out(session, 120, 40)] for session in (one, other)]
    changed = sum(before != after for before, after in zip(*rows, strict=True))
    assert changed > 20
    assert one.picture is not None
    assert other.picture is not None
    assert (one.picture.image != other.picture.image).any()
    again = busy_session(90.0, PICTURES).picture
    assert again is not None
    assert again.image is one.picture.image


def test_it_is_full_of_everything() -> None:
    session = busy_session(100.0, 3)
    assert len(session.finals) + len(session.provisionals) > 230
    assert session.provisionals
    assert len(session.words) > 100
    assert session.live is not None
    assert len(session.live.devices) == 2
    assert session.latest is not None
    assert all(session.latest.presence[modality].present for modality in MODALITIES)
