from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.streams.gauges import Gauges, Histogram, QueueGauge, StageGauge
from tests.helpers.virtual_clock import VirtualClock

durations = st.lists(st.floats(2e-6, 5e4), min_size=1, max_size=200)


@given(durations, st.floats(0.01, 1.0))
def test_quantiles_are_the_nearest_rank_within_three_percent(seconds: list[float], q: float) -> None:
    histogram = Histogram()
    for value in seconds:
        histogram.record(value)
    exact = np.quantile(seconds, q, method="inverted_cdf")
    assert histogram.quantile(q) == pytest.approx(exact, rel=0.026)


def test_a_histogram_sums_exactly_and_knows_its_longest() -> None:
    histogram = Histogram()
    for value in (0.5, 0.25, 4.0):
        histogram.record(value)
    assert (histogram.count, histogram.total_s) == (3, 4.75)
    assert histogram.quantile(1.0) == pytest.approx(4.0, rel=0.026)


def test_an_empty_histogram_reads_zero_and_negative_durations_count_as_none() -> None:
    histogram = Histogram()
    assert histogram.quantile(0.5) == 0.0
    histogram.record(-1.0)
    assert (histogram.count, histogram.total_s, histogram.quantile(0.99)) == (1, 0.0, 0.0)


def test_a_duration_beyond_the_last_bin_is_still_counted() -> None:
    histogram = Histogram()
    histogram.record(1e9)
    assert histogram.quantile(0.5) == 1e9


def test_a_stage_is_timed_also_when_it_raises() -> None:
    clock = VirtualClock()
    gauge = StageGauge(clock)
    for seconds in (0.1,) * 98 + (3.0, 3.0):
        with pytest.raises(RuntimeError), gauge.timed():
            clock.advance(seconds)
            raise RuntimeError
    reading = gauge.read()
    assert reading.calls == 100
    assert reading.total_s == pytest.approx(98 * 0.1 + 6.0)
    assert reading.p50_s == pytest.approx(0.1, rel=0.026)
    assert reading.p95_s == pytest.approx(0.1, rel=0.026)
    assert reading.p99_s == pytest.approx(3.0, rel=0.026)


def test_the_age_of_a_queue_grows_while_nobody_takes_from_it() -> None:
    clock = VirtualClock()
    gauge = QueueGauge(clock)
    first = gauge.put(1)
    clock.advance(2.0)
    second = gauge.put(2)
    clock.advance(1.0)
    assert gauge.read().oldest_s == 3.0
    gauge.left(first, depth=1, oldest_put_s=second)
    assert gauge.read().oldest_s == 1.0
    gauge.left(second, depth=0, oldest_put_s=None)
    reading = gauge.read()
    assert (reading.oldest_s, reading.depth, reading.max_depth, reading.entered) == (0.0, 0, 2, 2)
    assert reading.p99_s == pytest.approx(3.0, rel=0.026)


def test_drops_are_counted_by_cause_and_do_not_pass_for_received() -> None:
    clock = VirtualClock()
    gauge = QueueGauge(clock)
    for cause in ("overrun", "overrun", "cancelled"):
        stamp_s = gauge.put(1)
        clock.advance(100.0)
        gauge.left(stamp_s, 0, None, cause)
    assert gauge.read().dropped == {"overrun": 2, "cancelled": 1}
    assert gauge.read().p99_s == 0.0


def test_a_session_finds_its_gauges_by_name() -> None:
    clock = VirtualClock()
    gauges = Gauges(clock)
    with gauges.stage("face").timed():
        clock.advance(0.5)
    gauges.queue("frames").put(1)
    assert gauges.stage("face") is gauges.stage("face")
    assert gauges.stages()["face"].total_s == 0.5
    assert gauges.queues()["frames"].depth == 1
    assert list(gauges.stages()) == ["face"]
