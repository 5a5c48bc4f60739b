"""The whole of the fusers' table, on features made up here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores import CORES
from live_sentiment.training.comparison import mosi_features
from live_sentiment.training.comparison.cells import Cells
from live_sentiment.training.comparison.fixed_fit import FixedRecipe, Scaling, feature_batch, fit_fixed
from live_sentiment.training.comparison.mosi_features import (
    ARCHITECTURE,
    MosiFeatures,
    count_cells,
    measure_mosi_features,
)
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.samples import Corpus
from tests.helpers.paper_data import write_mosi_features


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("multimodal")
    write_mosi_features(folder, train=60, test=40)
    return read_corpus("mosi-acl17", folder)


def test_every_row_is_measured_once_and_kept(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosi_features, "RECIPE", FixedRecipe(epochs=2))
    told: list[str] = []
    rows = measure_mosi_features(corpus, Cells(tmp_path), [0, 1], "code", told.append)
    assert set(CORES) <= set(rows)
    assert all(len(rows[core]) == 2 for core in CORES)
    assert len(told) == count_cells([0, 1]) == len(list(tmp_path.iterdir()))

    def never(*_arguments: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(MosiFeatures, "fuser", never)
    monkeypatch.setattr(MosiFeatures, "regression", never)
    assert measure_mosi_features(corpus, Cells(tmp_path), [0, 1], "code") == rows


def test_baselines_are_what_their_names_say(corpus: Corpus) -> None:
    data = MosiFeatures(corpus)
    positive = np.mean([sample.polarity[2] for sample in data.test])  # type: ignore[index]
    assert data.majority()["accuracy"] == pytest.approx(max(positive, 1 - positive))
    # Only the text says anything; the regression finds it and the product of all three keeps it.
    assert data.regression(["text"])["accuracy"] > 0.85
    assert data.regression(["vision"])["accuracy"] < 0.75
    assert data.product()["accuracy"] > 0.7


def test_a_fuser_learns_what_a_regression_finds_and_a_seed_repeats_it(corpus: Corpus) -> None:
    data = MosiFeatures(corpus)
    found = data.fuser("concat", MODALITIES, 0)
    assert found["accuracy"] > 0.7
    assert found == data.fuser("concat", MODALITIES, 0)


def test_an_absent_modality_is_masked(corpus: Corpus) -> None:
    train = corpus.of("train").samples
    deaf = [replace(one, features={"text": one.features["text"]}) for one in train]
    batch = feature_batch(deaf, Scaling.of(deaf))
    assert batch.present.all(dim=0).tolist() == [True, False, False]
    polarity = torch.from_numpy(np.stack([one.polarity for one in deaf]))  # type: ignore[arg-type]
    fuser = fit_fixed(batch, polarity, ARCHITECTURE, FixedRecipe(epochs=1), seed=0)
    assert fuser(batch).polarity_logits.isfinite().all()


def test_scaling_leaves_what_does_not_vary() -> None:
    from live_sentiment.training.data.samples import Sample

    samples = [Sample("a", features={"text": np.array([[1.0, 5.0], [3.0, 5.0]], np.float32)})]
    scaling = Scaling.of(samples)
    assert scaling(samples[0].features["text"], "text").tolist() == [[-1, 0], [1, 0]]


def test_a_part_that_is_missing_is_said(corpus: Corpus) -> None:
    with pytest.raises(UsageError, match="training and test"):
        MosiFeatures(corpus.of("train"))
    deaf = replace(corpus, samples=[replace(one, features={}) for one in corpus.samples])
    with pytest.raises(UsageError, match="text, voice, vision"):
        MosiFeatures(deaf)
