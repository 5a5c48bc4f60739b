import numpy as np
import pytest

from live_sentiment.training.evaluation.intervals import Estimate, bootstrap


def test_the_interval_is_as_wide_as_theory_says() -> None:
    values = np.random.default_rng(0).normal(size=400)
    found = bootstrap(lambda rows: {"mean": values[rows].mean()}, 400, seed=1)["mean"]
    assert found.value == pytest.approx(values.mean())
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.15)
    assert found.low < found.value < found.high


def test_speakers_that_resemble_themselves_widen_it() -> None:
    level = np.random.default_rng(0).normal(size=20)
    values = np.repeat(level, 20)
    groups = [f"speaker {number // 20}" for number in range(400)]

    def mean(rows: np.ndarray) -> dict[str, float]:
        return {"mean": float(values[rows].mean())}

    alone, clustered = bootstrap(mean, 400)["mean"], bootstrap(mean, 400, groups)["mean"]
    assert clustered.high - clustered.low > 3 * (alone.high - alone.low)


def test_a_seed_gives_the_same_interval_again() -> None:
    values = np.arange(30.0)

    def mean(rows: np.ndarray) -> dict[str, float]:
        return {"mean": float(values[rows].mean())}

    assert bootstrap(mean, 30, seed=3) == bootstrap(mean, 30, seed=3)
    assert bootstrap(mean, 30, seed=3) != bootstrap(mean, 30, seed=4)


def test_one_speaker_has_no_interval() -> None:
    found = bootstrap(lambda rows: {"n": float(len(rows))}, 5, ["a"] * 5)["n"]
    assert found.value == 5
    assert np.isnan(found.low)


def test_an_estimate_reads_as_a_figure_with_its_interval() -> None:
    assert str(Estimate(0.5, 0.4, 0.6)) == "0.500 [0.400, 0.600]"
