import numpy as np
import pytest
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.meta_space import MetaSpace, importance_loss
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen, softmax, two_layers


def test_it_is_a_mixture_of_shared_spaces() -> None:
    torch.manual_seed(0)
    core, tokens = MetaSpace(WIDTH, 3).eval(), make_tokens()
    fused = array(core(tokens).vector)
    for row in range(ROWS):
        there = {modality: mean_of(ones) for modality, ones in seen(tokens, row).items()}
        mean = sum(there.values()) / len(there) if there else np.zeros(WIDTH)
        gates = softmax(list(array(core.gate.weight) @ mean + array(core.gate.bias)))
        expected = np.zeros(WIDTH)
        for gate, space in zip(gates, core.spaces, strict=True):
            by_modality = list(space.children())
            held = [two_layers(by_modality[MODALITIES.index(name)], one) for name, one in there.items()]
            expected += gate * (sum(held) / len(held) if held else np.zeros(WIDTH))
        np.testing.assert_allclose(fused[row], expected, rtol=1e-4, atol=1e-5)


def test_importance_is_the_squared_coefficient_of_variation() -> None:
    gates = torch.tensor([[0.7, 0.2, 0.1], [0.6, 0.3, 0.1]])
    totals = np.array([1.3, 0.5, 0.2])
    expected = totals.var() / totals.mean() ** 2
    assert float(importance_loss(gates)) == pytest.approx(expected, rel=1e-5)
    assert float(importance_loss(torch.full((4, 3), 1 / 3))) == pytest.approx(0.0, abs=1e-10)
    assert float(importance_loss(torch.zeros(0, 3))) == 0.0
