from __future__ import annotations

from live_sentiment.core.markdown import table


def test_a_table_is_markdown() -> None:
    assert (
        table(["model", "accuracy"], [["mean", "76.9"]])
        == "| model | accuracy |\n| --- | --- |\n| mean | 76.9 |"
    )
    assert table(["model", "accuracy"], [["mean", "76.9"]], numbers=True) == (
        "| model | accuracy |\n| --- | ---: |\n| mean | 76.9 |"
    )
