from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from live_sentiment.training.experiments.batch import Mixing, Targets
from live_sentiment.training.experiments.config import LossConfig
from live_sentiment.training.experiments.model import ExperimentOutput, ExpertLogits
from live_sentiment.training.experiments.objective import Objective, hard

CPU = torch.device("cpu")
NAN = math.nan


def targets() -> Targets:
    emotions = torch.zeros(3, 7)
    emotions[0, 1] = 1.0
    emotions[1, 2], emotions[1, 3] = 0.75, 0.25
    emotions[2] = NAN
    polarity = torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]])
    return Targets(
        emotions,
        polarity,
        torch.tensor([[0.5, NAN], [NAN, NAN], [-0.5, 0.0]]),
        torch.tensor([3.0, -1.0, NAN]),
    )


def output(**given: Any) -> ExperimentOutput:
    said = {
        "emotion_logits": torch.zeros(3, 7),
        "polarity_logits": torch.zeros(3, 3),
        "valence_arousal": torch.zeros(3, 2),
        "score": None,
        "experts": {},
        "auxiliary": None,
    }
    return ExperimentOutput(**{**said, **given})  # type: ignore[arg-type]


def objective(heads: tuple[str, ...] = ("emotions",), **config: Any) -> Objective:
    return Objective(LossConfig.model_validate(config), heads, targets(), CPU)


def test_the_leading_class_is_learnt_and_a_tie_is_not() -> None:
    hardened = hard(targets().polarity)
    assert hardened[:2].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert bool(hardened[2].isnan().all())
    assert bool(hard(targets().emotions)[2].isnan().all())


def test_votes_are_learnt_as_they_are_where_asked() -> None:
    assert objective(soft_labels=True).targets(targets()).emotions[1, 2] == 0.75
    assert objective().targets(targets()).emotions[1, 2] == 1.0


def test_what_is_mixed_mixes_labels_too() -> None:
    mixed = objective().targets(targets(), Mixing(0.75, torch.tensor([1, 0, 2])))
    assert mixed.polarity[0].tolist() == [0.25, 0.0, 0.75]
    assert mixed.score[0].item() == 0.75 * 3 - 0.25


def test_every_loss_is_there_with_its_weight_and_unlabelled_rows_count_for_nothing() -> None:
    said = output(
        score=torch.tensor([1.0, -1.0, 100.0]),
        experts={
            "text": ExpertLogits(torch.zeros(3, 7), torch.zeros(3, 3), torch.tensor([True, False, False]))
        },
        auxiliary=torch.tensor(4.0),
    )
    weights = {"emotions": 2.0, "experts": 0.5, "auxiliary": 0.25, "score": 0.1}
    losses = objective(("emotions", "polarity", "valence_arousal", "score"), weights=weights)(
        said, objective().targets(targets())
    )
    assert losses["emotions"].item() == pytest.approx(2 * math.log(7))
    assert losses["polarity"].item() == pytest.approx(math.log(3))
    assert losses["valence_arousal"].item() == pytest.approx((0.25 + 0.25 + 0) / 3)
    assert losses["score"].item() == pytest.approx(0.1 * (4 + 0) / 2)
    assert losses["experts"].item() == pytest.approx(0.5 * (math.log(7) + math.log(3)))
    assert losses["auxiliary"].item() == 1.0


def test_epochs_are_compared_by_the_heads_alone() -> None:
    assert objective().of_heads(output(auxiliary=torch.tensor(9.0)), targets()) == pytest.approx(math.log(7))


@pytest.mark.parametrize("kind", ["class-balanced", "focal", "class-balanced-focal"])
def test_other_losses_of_classes_differ_and_are_numbers(kind: str) -> None:
    logits = torch.tensor([[0.0, 3, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]])
    said = output(emotion_logits=logits, polarity_logits=logits[:, :3])
    prepared = objective().targets(targets())
    plain = objective()(said, prepared)["emotions"]
    other = objective(classes=kind)(said, prepared)["emotions"]
    assert bool(other.isfinite())
    assert (other == plain) == (kind == "class-balanced")  # here both classes come once


def test_concordance_instead_of_squares() -> None:
    said = output(valence_arousal=torch.tensor([[0.5, 0.0], [0.0, 0.0], [-0.5, 0.0]]))
    losses = objective(("valence_arousal",), continuous="ccc")(said, targets())
    assert losses["valence_arousal"].item() == pytest.approx(0.0, abs=1e-6)
