import numpy as np
import pytest
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.shared_space import SharedSpace
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen


def two_layers(module: torch.nn.Module, x: np.ndarray) -> np.ndarray:
    first, _, second = module.children()
    hidden = np.maximum(array(first.weight) @ x + array(first.bias), 0)
    return np.asarray(array(second.weight) @ hidden + array(second.bias))


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


def test_with_self_attention_it_is_its_formula() -> None:
    torch.manual_seed(0)
    core, tokens = SharedSpace(WIDTH, "self-attention", "none", 1, 0.0).eval(), make_tokens()
    layer = core.joint
    assert isinstance(layer, torch.nn.TransformerEncoderLayer)
    with torch.no_grad():
        fused = array(core(tokens).vector)
    query, key, value = (array(part) for part in layer.self_attn.in_proj_weight.chunk(3))
    biases = [array(part) for part in layer.self_attn.in_proj_bias.chunk(3)]
    out = layer.self_attn.out_proj

    def normed(x: np.ndarray, norm: torch.nn.LayerNorm) -> np.ndarray:
        spread = np.sqrt(x.var() + norm.eps)
        return np.asarray((x - x.mean()) / spread * array(norm.weight) + array(norm.bias))

    def gelu(x: np.ndarray) -> np.ndarray:
        return array(torch.nn.functional.gelu(torch.tensor(x)))

    for row in range(ROWS):
        shared = [
            two_layers(core.spaces[MODALITIES.index(modality)], mean_of(ones))
            for modality, ones in seen(tokens, row).items()
        ]
        results = []
        keys = [normed(z, layer.norm1) for z in shared]
        for z in shared:
            asked = query @ normed(z, layer.norm1) + biases[0]
            scores = np.exp([asked @ (key @ other + biases[1]) / np.sqrt(WIDTH) for other in keys])
            answer = sum(
                score / scores.sum() * (value @ other + biases[2])
                for score, other in zip(scores, keys, strict=True)
            )
            attended = z + array(out.weight) @ answer + array(out.bias)
            hidden = gelu(
                array(layer.linear1.weight) @ normed(attended, layer.norm2) + array(layer.linear1.bias)
            )
            results.append(attended + array(layer.linear2.weight) @ hidden + array(layer.linear2.bias))
        expected = sum(results) / len(results) if results else np.zeros(WIDTH)
        np.testing.assert_allclose(fused[row], expected, rtol=1e-3, atol=1e-4)


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
