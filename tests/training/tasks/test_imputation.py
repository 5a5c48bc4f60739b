"""Training imputers on relations that are known, and the comparison with masking."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.training.comparison.fixed_fit import FixedRecipe
from live_sentiment.training.data.labels import polarity
from live_sentiment.training.data.samples import Corpus, Sample
from live_sentiment.training.tasks.imputation import (
    INCOMPLETE,
    MASKING,
    Outcome,
    Recipe,
    compare_on_features,
    compare_on_windows,
    fit_imputer,
    imputation_table,
    winner,
)

QUICK = Recipe(steps=250, batch=64, learning_rate=3e-3)


def related(count: int, seed: int = 0) -> FusionBatch:
    """Windows in which every modality shows the same two numbers, each in its own way."""
    generator = torch.Generator().manual_seed(seed)
    mood = torch.randn(count, 2, generator=generator)
    ways = {
        "text": [[1.0, 0.0], [0.0, 1.0]],
        "voice": [[2.0, 1.0], [1.0, -1.0]],
        "vision": [[0.0, 3.0], [1.0, 0.0]],
    }
    return FusionBatch(
        {
            name: ModalitySequence(
                (mood @ torch.tensor(ways[name]))[:, None],
                torch.full((count, 1, 7), 1 / 7).log(),
                torch.full((count, 1, 3), 1 / 3).log(),
                torch.zeros(count, 1),
                torch.ones(count, 1),
                torch.ones(count, 1, dtype=torch.bool),
            )
            for name in MODALITIES
        }
    )


@pytest.mark.parametrize("name", ["regressor", "vae", "gan"])
def test_a_missing_modality_is_found_from_the_others(name: str) -> None:
    imputer = fit_imputer(name, related(512), QUICK, seed=0)
    asked = related(64, seed=1)
    keep = torch.tensor([[True, False, True]])
    with torch.inference_mode():
        made = imputer.fill(asked.keeping(keep)).sequences["voice"].embeddings[:, 0]
    true = asked.sequences["voice"].embeddings[:, 0]
    explained = 1 - (made - true).square().mean() / true.var()
    assert explained > 0.8


def test_one_seed_gives_one_imputer() -> None:
    quick = Recipe(steps=3)
    one, same, other = (fit_imputer("gan", related(32), quick, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_without_whole_windows_there_is_nothing_to_learn_from() -> None:
    with pytest.raises(UsageError, match="imputation learns from windows with words, voice and face"):
        fit_imputer("vae", related(8).keeping(torch.tensor([[True, True, False]])), QUICK, 0)


def corpus(count: int) -> Corpus:
    """Features whose sign is the label, in every modality."""
    rng = np.random.default_rng(0)
    samples = []
    for row in range(count):
        sign = 1 if row % 2 else -1
        # Not all the same: the fuser takes the mean of an embedding off it.
        shape = sign * np.array([[1.0, -1.0, 0.0]])
        features = {name: (shape + rng.normal(size=(1, 3))).astype(np.float32) for name in MODALITIES}
        label = polarity("positive" if sign > 0 else "negative")
        split = "train" if row < count // 2 else "test"
        samples.append(Sample(str(row), split, features=features, polarity=label))
    return Corpus("Signs", "ours", samples)


def test_every_method_is_measured_on_every_subset() -> None:
    config = LearntConfig(core="concat", width=8, use_opinions=False, heads=("polarity",))
    seeds: list[int] = []
    outcomes = compare_on_features(
        corpus(80),
        config,
        FixedRecipe(epochs=20, batch=16, learning_rate=0.02),
        [0, 1],
        recipe=Recipe(steps=20),
        done=seeds.append,
    )
    assert seeds == [0, 1]
    assert len(outcomes) == 2 * 4 * len(INCOMPLETE)
    assert {one.present for one in outcomes} >= {"text", "voice + vision"}
    masked = [one.accuracy for one in outcomes if one.method == MASKING and one.present == "text + voice"]
    assert min(masked) > 0.8
    table = imputation_table(outcomes).splitlines()
    assert table[0] == "| present | masking | regressor | vae | gan |"
    assert len(table) == 2 + len(INCOMPLETE) + 1
    assert table[-1].startswith("| mean of all | ")
    assert outcomes[0].as_row()["method"] == MASKING


class Labelled:
    """Windows with an emotion each, as far as the comparison looks at them."""

    def __init__(self, seed: int) -> None:
        self.batch = related(64, seed)
        self.emotions = (self.batch.sequences["text"].embeddings[:, 0, 0] > 0).long()


class SaysJoy(Fuser):
    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.embedding_dims = dict.fromkeys(MODALITIES, 2)

    def forward(self, batch: FusionBatch) -> FusionOutput:
        logits = torch.zeros(len(batch), 7)
        logits[:, 1] = 1.0
        return FusionOutput.from_logits(logits, torch.zeros(len(batch), 3))


def test_a_trained_fuser_is_measured_on_labelled_windows() -> None:
    outcomes = compare_on_windows(SaysJoy(), Labelled(0), Labelled(1), [0], Recipe(steps=2))
    assert len(outcomes) == 4 * len(INCOMPLETE)
    # It says joy whatever there is, and joy is what half of them show.
    assert all(0.3 < one.accuracy < 0.7 for one in outcomes)


def outcome(method: str, accuracy: float, seed: int) -> Outcome:
    return Outcome(method, "text", accuracy, accuracy, 0.0, seed)


def test_an_imputer_has_to_win_clearly() -> None:
    masked = [outcome(MASKING, 0.7, seed) for seed in range(3)]
    lucky = [outcome("gan", accuracy, seed) for seed, accuracy in enumerate((0.60, 0.85, 0.66))]
    better = [outcome("vae", accuracy, seed) for seed, accuracy in enumerate((0.72, 0.74, 0.73))]
    assert winner(masked + lucky) == MASKING
    assert winner(masked + lucky + better) == "vae"
    assert winner(masked) == MASKING
