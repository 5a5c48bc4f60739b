"""Filters: what they do to noise, steps, gaps and odd spacing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live_sentiment.timeline.smoothing import (
    AFFECT_FILTERS,
    AFFECT_PRIOR,
    EMOTION_FILTERS,
    LEAST_SD,
    REFERENCE_SD,
    ExponentialAverage,
    Filter,
    HiddenMarkov,
    Hysteresis,
    Kalman,
    OneEuro,
    State,
    Unfiltered,
)

UNIFORM = np.full(7, 1 / 7)
TAU_S = 1.0

FILTERS = [
    *((kind, AFFECT_PRIOR, lambda x: seen(x, 0.3)) for kind in AFFECT_FILTERS.values()),
    *((kind, UNIFORM, lambda x: probable(0, (x + 1) / 2)) for kind in EMOTION_FILTERS.values()),
]
every_filter = pytest.mark.parametrize(("kind", "prior", "value"), FILTERS)


def seen(valence: float, sd: float = REFERENCE_SD) -> State:
    return np.array([[valence, 0.0], [sd, sd]])


def probable(which: int, probability: float) -> State:
    result = np.full(7, (1 - probability) / 6)
    result[which] = probability
    return result


def settle(filter_: Filter, value: State, seconds: float, hop_s: float, start_s: float = 0.0) -> State:
    """Feed one value for a while; the last update is at start_s + seconds."""
    for tick in range(1, round(seconds / hop_s) + 1):
        result = filter_.update(value, start_s + tick * hop_s)
    return result


@every_filter
def test_peek_is_what_update_returns_and_changes_nothing(kind, prior, value):
    filter_ = kind(prior, TAU_S)
    for time_s in (0.25, 0.5, 0.9):
        filter_.update(value(0.2), time_s)
    before = filter_.at(2.0)
    peeked = filter_.peek(value(0.9), 1.4)
    np.testing.assert_array_equal(filter_.at(2.0), before)
    np.testing.assert_array_equal(filter_.update(value(0.9), 1.4), peeked)


@every_filter
def test_the_first_evidence_is_taken_as_it_is(kind, prior, value):
    np.testing.assert_allclose(kind(prior, TAU_S).update(value(0.6), 12.0), value(0.6))


@every_filter
def test_without_evidence_it_fades_to_the_prior_and_is_never_zero(kind, prior, value):
    filter_ = kind(prior, TAU_S)
    np.testing.assert_array_equal(filter_.at(3.0), prior)
    state = filter_.update(value(0.8), 5.0)
    np.testing.assert_allclose(filter_.at(5.0), state)
    np.testing.assert_allclose(filter_.at(6.0), prior + (state - prior) * math.exp(-1.0))
    np.testing.assert_allclose(filter_.at(60.0), prior, atol=1e-9)


@every_filter
def test_evidence_after_a_long_gap_counts_like_the_first(kind, prior, value):
    filter_ = kind(prior, TAU_S)
    settle(filter_, value(-0.8), 20.0, 0.25)
    np.testing.assert_allclose(filter_.update(value(0.8), 320.0), value(0.8), atol=0.02)


@every_filter
def test_reset_forgets(kind, prior, value):
    filter_ = kind(prior, TAU_S)
    settle(filter_, value(-0.8), 2.0, 0.25)
    filter_.reset()
    np.testing.assert_array_equal(filter_.at(100.0), prior)
    fresh = kind(prior, TAU_S)
    for time_s, x in ((0.25, 0.4), (0.5, -0.4), (1.1, 0.9)):
        np.testing.assert_array_equal(filter_.update(value(x), time_s), fresh.update(value(x), time_s))


@every_filter
def test_time_never_goes_backwards(kind, prior, value):
    filter_ = kind(prior, TAU_S)
    filter_.update(value(0.0), 2.0)
    with pytest.raises(ValueError, match="after"):
        filter_.update(value(0.0), 1.9)


@pytest.mark.parametrize("kind", [ExponentialAverage, Kalman])
@pytest.mark.parametrize("hop_s", [0.04, 0.25, 0.5])
def test_a_step_is_followed_at_the_time_constant_whatever_the_hop(kind, hop_s):
    filter_ = kind(AFFECT_PRIOR, TAU_S)
    settle(filter_, seen(0.0), 20.0, hop_s)
    state = settle(filter_, seen(1.0), TAU_S, hop_s, start_s=20.0)
    assert state[0, 0] == pytest.approx(1 - math.exp(-1), abs=0.06)


@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=30))
def test_the_average_depends_on_time_not_on_spacing(gaps):
    """A constant that follows another is approached by elapsed time alone, however it is sampled."""
    filter_ = ExponentialAverage(AFFECT_PRIOR, TAU_S)
    filter_.update(seen(-1.0), 0.0)
    time_s = 0.0
    for gap_s in gaps:
        time_s += gap_s
        state = filter_.update(seen(1.0), time_s)
    assert state[0, 0] == pytest.approx(1 - 2 * math.exp(-time_s / TAU_S), abs=1e-9)


def test_kalman_believes_sure_results_more():
    def after_step(sd: float) -> float:
        filter_ = Kalman(AFFECT_PRIOR, TAU_S)
        settle(filter_, seen(0.0), 10.0, 0.25)
        return float(filter_.update(seen(1.0, sd), 10.25)[0, 0])

    assert after_step(0.1) > 2 * after_step(0.35) > 4 * after_step(1.0)


def test_kalman_is_never_surer_than_its_evidence_and_doubts_after_a_gap():
    filter_ = Kalman(AFFECT_PRIOR, TAU_S)
    steady = settle(filter_, seen(0.5, 0.35), 60.0, 0.25)
    assert 0.3 < steady[1, 0] < 0.36
    assert filter_.update(seen(0.5, 0.0), 60.25)[1, 0] >= LEAST_SD / 2
    assert np.isfinite(filter_.update(seen(0.5, 0.0), 60.25)).all()


def test_one_euro_is_calm_at_rest_and_quick_in_movement():
    generator = np.random.default_rng(3)
    noise = generator.normal(0.0, 0.05, 400)
    rest = OneEuro(AFFECT_PRIOR, TAU_S)
    calm = [rest.update(seen(x), 0.25 * i)[0, 0] for i, x in enumerate(noise)]
    assert np.std(calm[40:]) < 0.5 * np.std(noise)
    moving, average = OneEuro(AFFECT_PRIOR, TAU_S), ExponentialAverage(AFFECT_PRIOR, TAU_S)
    for filter_ in (moving, average):
        settle(filter_, seen(-0.8), 5.0, 0.25)
    assert settle(moving, seen(0.8), 1.0, 0.25, 5.0)[0, 0] > settle(average, seen(0.8), 1.0, 0.25, 5.0)[0, 0]
    np.testing.assert_array_equal(moving.update(seen(-1.0), 6.0), moving.at(6.0))


@given(
    st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 6), st.floats(0.15, 1.0)), min_size=1, max_size=40)
)
def test_hidden_markov_gives_probabilities(steps):
    filter_ = HiddenMarkov(UNIFORM, TAU_S)
    time_s = 0.0
    for gap_s, which, probability in steps:
        time_s += gap_s
        state = filter_.update(probable(which, probability), time_s)
        assert state.sum() == pytest.approx(1.0)
        assert (state >= 0).all()


@pytest.mark.parametrize("prior", [UNIFORM, np.array([0.4, 0.2, 0.1, 0.1, 0.04, 0.04, 0.12])])
@pytest.mark.parametrize("confidence", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("hop_s", [0.1, 0.25, 0.5])
def test_hidden_markov_keeps_the_confidence_of_evidence_that_repeats_itself(prior, confidence, hop_s):
    filter_ = HiddenMarkov(prior, TAU_S)
    settle(filter_, probable(0, 0.8), 5.0, hop_s)
    settled = settle(filter_, probable(4, confidence), 30.0, hop_s, start_s=5.0)
    np.testing.assert_allclose(settled, probable(4, confidence), atol=0.01)


def test_hidden_markov_ignores_a_glitch_and_follows_a_change():
    filter_ = HiddenMarkov(UNIFORM, TAU_S)
    settle(filter_, probable(0, 0.6), 10.0, 0.25)
    assert filter_.peek(probable(1, 0.9), 10.25).argmax() == 0
    assert settle(filter_, probable(1, 0.6), 1.5, 0.25, 10.0).argmax() == 1


def test_hidden_markov_takes_a_moment_once():
    filter_ = HiddenMarkov(UNIFORM, TAU_S)
    state = filter_.update(probable(0, 0.5), 1.0)
    np.testing.assert_array_equal(filter_.update(probable(1, 1.0), 1.0), state)


def test_hidden_markov_recovers_from_certainty():
    filter_ = HiddenMarkov(UNIFORM, TAU_S)
    settle(filter_, probable(0, 1.0), 5.0, 0.25)
    assert settle(filter_, probable(1, 1.0), 2.0, 0.25, 5.0).argmax() == 1


def test_hidden_markov_weighs_evidence_against_the_prior():
    """A posterior equal to the prior says nothing: the state then only mixes."""
    prior = np.array([0.7, 0.2, 0.1])
    filter_ = HiddenMarkov(prior, TAU_S)
    filter_.update(np.array([0.1, 0.1, 0.8]), 0.0)
    np.testing.assert_allclose(filter_.peek(prior, 0.5), filter_.at(0.5))


def test_unfiltered_returns_what_it_is_given():
    filter_ = Unfiltered(AFFECT_PRIOR, TAU_S)
    for time_s, x in ((0.0, 0.1), (0.25, -0.9), (0.3, 0.5)):
        np.testing.assert_array_equal(filter_.update(seen(x), time_s), seen(x))


def test_hysteresis_waits_for_the_margin():
    leading = Hysteresis(0.1, start=4)
    assert leading.leading == 4
    assert leading.update(np.array([0.5, 0.5, 0.0])) == 0
    assert leading.peek(np.array([0.4, 0.6, 0.0])) == 1
    assert leading.update(np.array([0.46, 0.54, 0.0])) == 0
    assert leading.update(np.array([0.44, 0.55, 0.01])) == 1
    assert leading.update(np.array([0.5, 0.49, 0.01])) == 1
    leading.reset()
    assert leading.leading == 4
