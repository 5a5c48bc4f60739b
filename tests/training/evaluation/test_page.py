"""The page of an evaluation: complete, self-contained, readable without colour."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from live_sentiment.core.types import MODALITIES, Modality
from live_sentiment.training.evaluation.ablation import ablate, subsets
from live_sentiment.training.evaluation.evaluation import Evaluation, circumstances
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.intervals import Estimate
from live_sentiment.training.evaluation.page import page, shade, write_page
from live_sentiment.training.evaluation.plots import interval_plot, reliability_plot
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.evaluation.table import tables

COUNT = 60


def said(present: tuple[Modality, ...]) -> Predictions:
    """A model that is right the more often the more it is given."""
    random = np.random.default_rng(len(present))
    emotions = np.eye(7, dtype=np.float32)[np.arange(COUNT) % 7]
    strength = 0.2 * len(present)
    guesses = random.dirichlet(np.ones(7), COUNT).astype(np.float32)
    score = np.linspace(-3, 3, COUNT, dtype=np.float32)
    return Predictions(
        tuple(map(str, range(COUNT))),
        emotion_probabilities=(strength * emotions + (1 - strength) * guesses).astype(np.float32),
        emotion_labels=emotions,
        score=score * strength,
        score_labels=score,
        groups=tuple(f"speaker {number % 5}" for number in range(COUNT)),
    )


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return Evaluation(
        "a <model>",
        "made-up data",
        {**circumstances(), "seed": "0"},
        measure(said(MODALITIES), resamples=20),
        ablate(said, MODALITIES, resamples=20),
        ["The pairs are synthetic."],
    )


class Parts(HTMLParser):
    """What a page is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.labels: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        self.sources += [values[name] or "" for name in ("src", "href") if name in values]
        if tag == "svg":
            self.labels.append(values.get("aria-label") or "")


def test_the_page_holds_every_figure_and_loads_nothing(evaluation: Evaluation, tmp_path: Path) -> None:
    html = write_page(evaluation, tmp_path / "evaluation.html").read_text(encoding="utf-8")
    parts = Parts()
    parts.feed(html)
    assert "script" not in parts.tags
    assert all(source.startswith("#") for source in parts.sources)
    assert "a &lt;model&gt;" in html
    assert "The pairs are synthetic." in html
    for name in ("Seven emotions", "Sentiment score", "Acc-7", "UAR", "words + voice + face", "5 speakers"):
        assert name in html
    # One reliability plot, and one of modalities for each of the two tasks; all say what they show.
    assert len(parts.labels) == 3
    assert all(parts.labels)


def test_a_figure_that_is_not_known_is_a_dash(evaluation: Evaluation) -> None:
    without = replace(evaluation, tasks=measure(said(MODALITIES), resamples=0), ablation=(), notes=())
    html = page(without)
    assert "nan" not in html
    assert "What each modality is worth" not in html


def test_the_terminal_shows_figures_classes_and_modalities(evaluation: Evaluation) -> None:
    console = Console(width=110, record=True)
    console.print(tables(evaluation))
    text = console.export_text()
    for name in ("Weighted F1", "surprise", "words + face", "Acc-7"):
        assert name in text


def test_json_says_the_same(evaluation: Evaluation) -> None:
    told = evaluation.as_dict()
    assert set(told["tasks"]) == {"emotions", "score"}
    assert told["ablation"][0]["present"] == list(MODALITIES)


def test_ablation_compares_every_subset_with_all_together() -> None:
    found = ablate(said, MODALITIES, resamples=50)
    assert [one.present for one in found] == subsets(MODALITIES)
    assert len(found) == 7
    assert found[0].differences["emotions"].value == 0
    alone = found[-1]
    assert alone.name == "vision"
    assert alone.differences["emotions"].value < 0
    # Less is heard, so the error grows.
    assert alone.differences["score"].low > 0


def test_plots_hold_for_one_value_and_for_none() -> None:
    nan = float("nan")
    assert "circle" in interval_plot([("all", Estimate(0.5, nan, nan))], "one")
    assert "circle" not in interval_plot([("all", Estimate(nan, nan, nan))], "none")
    assert "0 samples" in reliability_plot([], "Polarity")


def test_shades_are_shares_of_the_row() -> None:
    assert [shade(0, 10), shade(5, 10), shade(10, 10), shade(0, 0)] == [0, 5, 10, 0]
