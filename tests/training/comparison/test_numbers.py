from live_sentiment.training.comparison.numbers import interval, number, percent, spread
from live_sentiment.training.evaluation.intervals import Estimate


def test_numbers_read_as_in_papers() -> None:
    assert percent(0.7694) == "76.9"
    assert number(0.7068) == "0.707"
    assert spread([0.7, 0.8]) == "75.0 ± 7.1"
    assert spread([0.7]) == "70.0"
    assert interval(Estimate(0.7, 0.65, 0.75)) == "70.0 [65.0, 75.0]"
    assert interval(Estimate(0.7, 0.65, 0.75), share=False) == "0.700 [0.650, 0.750]"


def test_what_is_not_known_is_a_dash() -> None:
    nan = float("nan")
    assert [percent(None), number(nan), spread([nan]), interval(Estimate(nan, nan, nan))] == ["–"] * 4
