from __future__ import annotations

import math

import pytest
import torch

from live_sentiment.core.config import LearntConfig
from live_sentiment.training.experiments.config import OptimiserConfig, ScheduleConfig
from live_sentiment.training.experiments.model import ExperimentModel
from live_sentiment.training.experiments.schedule import LearningRate, build_optimiser, l1


def test_it_rises_and_then_falls_as_the_formulas_say() -> None:
    cosine = LearningRate(ScheduleConfig(name="cosine", warm_up=0.2, floor=0.1), 10)
    assert [cosine.factor(step) for step in (0, 1)] == [0.5, 1.0]
    assert cosine.factor(6) == pytest.approx(0.1 + 0.9 * (1 + math.cos(math.pi / 2)) / 2)
    assert cosine.factor(10) == pytest.approx(0.1)
    linear = LearningRate(ScheduleConfig(name="linear", warm_up=0.0), 10)
    assert [linear.factor(step) for step in (0, 5, 10)] == [1.0, 0.5, 0.0]
    constant = LearningRate(ScheduleConfig(name="constant", warm_up=0.0), 10)
    assert {constant.factor(step) for step in range(11)} == {1.0}


def test_a_plateau_halves_it_after_its_patience_and_remembers_over_a_checkpoint() -> None:
    config = ScheduleConfig(name="plateau", warm_up=0.0, patience=2, factor=0.5)
    rate = LearningRate(config, 10)
    for cost in (1.0, 0.9, 0.95):
        rate.epoch_ended(cost)
    assert rate.factor(5) == 1.0
    again = LearningRate(config, 10)
    again.load_state_dict(rate.state_dict())
    for one in (rate, again):
        one.epoch_ended(0.92)
        assert one.factor(5) == 0.5


def test_a_plateau_ends_at_the_floor() -> None:
    rate = LearningRate(ScheduleConfig(name="plateau", warm_up=0.0, patience=1, factor=0.1, floor=0.05), 10)
    for _ in range(5):
        rate.epoch_ended(1.0)
    assert rate.factor(0) == 0.05


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)])
def test_biases_and_norms_do_not_decay(name: str, kind: type[torch.optim.Optimizer]) -> None:
    model = ExperimentModel(
        {}, {"text": 4}, LearntConfig(core="sum", modalities=("text",), width=4), pooled=True
    )
    optimiser = build_optimiser(OptimiserConfig.model_validate({"name": name, "weight_decay": 0.1}), model)
    assert isinstance(optimiser, kind)
    decays = {
        one.ndim > 1: group["weight_decay"] for group in optimiser.param_groups for one in group["params"]
    }
    assert decays == {True: 0.1, False: 0.0}
    assert sum(len(group["params"]) for group in optimiser.param_groups) == len(list(model.parameters()))


def test_the_rate_is_set_in_every_group_from_where_it_began() -> None:
    model = ExperimentModel(
        {}, {"text": 4}, LearntConfig(core="sum", modalities=("text",), width=4), pooled=True
    )
    optimiser = build_optimiser(OptimiserConfig(learning_rate=0.2), model)
    rate = LearningRate(ScheduleConfig(name="linear", warm_up=0.0), 4)
    assert rate.apply(optimiser, 1) == pytest.approx(0.15)
    assert rate.apply(optimiser, 2) == pytest.approx(0.1)
    assert {group["lr"] for group in optimiser.param_groups} == {0.1}


def test_l1_is_the_sum_of_absolute_weights_without_biases() -> None:
    linear = torch.nn.Linear(2, 2)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[1.0, -2.0], [0.5, 0.0]]))
        linear.bias.fill_(100.0)
    assert l1(linear.parameters()).item() == 3.5
