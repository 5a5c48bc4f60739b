from dataclasses import replace

import numpy as np
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.cross_attention import PERIODS_S, CrossAttention, Crossing
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, seen, softmax


def core() -> CrossAttention:
    torch.manual_seed(0)
    return CrossAttention(WIDTH, 1, 0.0).eval()


def normed(x: np.ndarray, norm: torch.nn.Module) -> np.ndarray:
    assert isinstance(norm, torch.nn.LayerNorm)
    spread = np.sqrt(x.var() + norm.eps)
    return np.asarray((x - x.mean()) / spread * array(norm.weight) + array(norm.bias))


def crossed(block: Crossing, x: np.ndarray, context: list[np.ndarray], worth: list[float]) -> np.ndarray:
    """One token that asks the context: softmax(q·k / √d + log quality) v, then the feed-forward layers."""
    query, key, value = (array(part) for part in block.attention.in_proj_weight.chunk(3))
    asks, keys, says = (array(part) for part in block.attention.in_proj_bias.chunk(3))
    asked = query @ normed(x, block.query_norm) + asks
    there = [normed(other, block.context_norm) for other in context]
    scores = [
        float(asked @ (key @ other + keys) / np.sqrt(WIDTH) + np.log(quality))
        for other, quality in zip(there, worth, strict=True)
    ]
    answer = sum(
        weight * (value @ other + says) for weight, other in zip(softmax(scores), there, strict=True)
    )
    out = block.attention.out_proj
    x = x + array(out.weight) @ np.asarray(answer) + array(out.bias)
    norm, wider, _, _, narrower = block.feed_forward.children()
    hidden = array(wider.weight) @ normed(x, norm) + array(wider.bias)
    hidden = array(torch.nn.functional.gelu(torch.tensor(hidden)))
    return np.asarray(x + array(narrower.weight) @ hidden + array(narrower.bias))


def test_queries_of_one_modality_meet_keys_and_values_of_the_others() -> None:
    fuser, tokens = core(), make_tokens()
    with torch.no_grad():
        fused = array(fuser(tokens).vector)
    for row in range(ROWS):
        timed = {}
        for modality, ones in seen(tokens, row).items():
            linear = array(fuser.times[modality].linear.weight)
            phases = [
                np.array([2 * np.pi * time_s / period for period in PERIODS_S]) for _, time_s, _ in ones
            ]
            timed[modality] = [
                (value + linear @ np.concatenate([np.sin(phase), np.cos(phase)]), quality)
                for (value, _, quality), phase in zip(ones, phases, strict=True)
            ]
        pooled, qualities = [], []
        for modality, ones in timed.items():
            context, worth = [array(fuser.nobody)[0, 0]], [1.0]
            for other in MODALITIES:
                if other != modality and other in timed:
                    context += [value for value, _ in timed[other]]
                    worth += [quality for _, quality in timed[other]]
            informed = [crossed(fuser.crossings[modality], value, context, worth) for value, _ in ones]
            pooling = fuser.poolings[modality]
            scores = [
                float(array(pooling.weight)[0] @ one + array(pooling.bias)[0] + np.log(quality))
                for one, (_, quality) in zip(informed, ones, strict=True)
            ]
            weights = softmax(scores)
            pooled.append(sum(weight * one for weight, one in zip(weights, informed, strict=True)))
            qualities.append(
                sum(weight * quality for weight, (_, quality) in zip(weights, ones, strict=True))
            )
        expected = np.zeros(WIDTH)
        for vector, quality in zip(pooled, qualities, strict=True):
            expected += vector * quality / sum(qualities)
        np.testing.assert_allclose(fused[row], expected, rtol=1e-3, atol=1e-4)


def test_it_knows_when_things_happened() -> None:
    tokens = make_tokens()
    later = {**tokens, "voice": replace(tokens["voice"], times_s=tokens["voice"].times_s + 1.5)}
    with torch.no_grad():
        before, after = core()(tokens).vector, core()(later).vector
    moved = (before - after).abs().amax(dim=1) > 1e-4
    assert moved.tolist() == tokens["voice"].mask.any(dim=1).tolist()
