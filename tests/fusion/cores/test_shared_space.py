import numpy as np
import pytest
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.shared_space import SharedSpace
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen, two_layers


def test_with_an_mlp_it_is_its_formula() -> None:
    torch.manual_seed(0)
    core, tokens = SharedSpace(WIDTH, "mlp", "none", 2, 0.0).eval(), make_tokens()
    fused = array(core(tokens).vector)
    for row in range(ROWS):
        shared = [
            two_layers(core.spaces[MODALITIES.index(modality)], mean_of(ones))
            for modality, ones in seen(tokens, row).items()
        ]
        joined = sum(shared) / len(shared) if shared else np.zeros(WIDTH)
        np.testing.assert_allclose(fused[row], two_layers(core.joint, joined), rtol=1e-4, atol=1e-5)


def test_training_pulls_the_modalities_of_a_window_together() -> None:
    torch.manual_seed(0)
    core, tokens = SharedSpace(WIDTH, "mlp", "both", 2, 0.0).train(), make_tokens()
    optimiser = torch.optim.Adam(core.parameters(), lr=0.02)
    losses = []
    for _ in range(40):
        loss = core(tokens).auxiliary
        assert loss is not None
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(AssertionError, match="divisible"):
        SharedSpace(WIDTH, "self-attention", "none", 3, 0.0)
