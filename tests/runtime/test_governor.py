"""When quality goes down and up again."""

from __future__ import annotations

from collections.abc import Callable

from live_sentiment.core.config import OverloadConfig
from live_sentiment.runtime.governor import LoadGovernor

CONFIG = OverloadConfig(step_down_s=1.5, step_up_s=0.8, patience_s=2.0, recovery_s=15.0)


def levels(
    governor: LoadGovernor, backlog: Callable[[float], float], from_s: float, to_s: float
) -> list[int]:
    """The level at each tenth of a second."""
    return [
        governor.observe(tick / 10, backlog(tick / 10))
        for tick in range(round(from_s * 10), round(to_s * 10))
    ]


def test_a_short_peak_changes_nothing() -> None:
    assert set(levels(LoadGovernor(CONFIG, 3), lambda s: 2.9 if s % 4 < 1.9 else 0.1, 0, 60)) == {0}


def test_lasting_overload_goes_down_step_by_step_and_no_further_than_there_are_steps() -> None:
    seen = levels(LoadGovernor(CONFIG, 3), lambda s: 2.0, 0, 20)
    assert [seen.index(level) / 10 for level in (1, 2, 3)] == [2.0, 4.0, 6.0]
    assert max(seen) == 3


def test_between_the_thresholds_nothing_changes() -> None:
    governor = LoadGovernor(CONFIG, 3)
    levels(governor, lambda s: 2.0, 0, 3)
    assert set(levels(governor, lambda s: 1.0, 3, 300)) == {1}


def test_quality_comes_back_step_by_step_once_the_load_is_gone() -> None:
    governor = LoadGovernor(CONFIG, 2)
    levels(governor, lambda s: 2.0, 0, 10)
    seen = levels(governor, lambda s: 0.1, 10, 60)
    assert [10 + seen.index(level) / 10 for level in (1, 0)] == [25.0, 40.0]


def test_a_load_at_the_limit_does_not_make_quality_swing() -> None:
    """Full quality is too much, one step down is easy: each relapse makes the next attempt rarer."""
    governor = LoadGovernor(CONFIG, 1)
    backlog, seen = 0.0, []
    for tick in range(36_000):
        backlog = min(backlog + 0.1, 3.0) if governor.level == 0 else max(backlog - 0.1, 0.0)
        seen.append(governor.observe(tick / 10, backlog))
    changes = [tick / 10 for tick in range(1, len(seen)) if seen[tick] != seen[tick - 1]]
    assert 2 < len(changes) < 60
    first, last = changes[2] - changes[0], changes[-1] - changes[-3]
    assert last > 4 * first


def test_what_was_let_go_counts_as_overload_though_the_backlog_shrank_by_it() -> None:
    governor = LoadGovernor(CONFIG, 3)
    for tick in range(100):
        governor.observe(tick / 10, 0.3, lost=tick % 15 == 0)
    assert governor.level == 3


def test_one_loss_alone_changes_nothing() -> None:
    governor = LoadGovernor(CONFIG, 3)
    assert {governor.observe(tick / 10, 0.3, lost=tick == 10) for tick in range(200)} == {0}
