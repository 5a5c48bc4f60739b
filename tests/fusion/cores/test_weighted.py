import numpy as np
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.weighted import Weighted
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen, softmax


def test_gates_are_a_softmax_over_those_present_of_score_and_quality() -> None:
    torch.manual_seed(0)
    core, tokens = Weighted(WIDTH), make_tokens()
    fused, gates = array(core(tokens).vector), array(core.weights(tokens))
    for row in range(ROWS):
        there = seen(tokens, row)
        scores = []
        for modality, ones in there.items():
            gate = core.gates[MODALITIES.index(modality)]
            quality = sum(one * one for *_, one in ones) / sum(one for *_, one in ones)
            score = float(array(gate.weight)[0] @ mean_of(ones) + array(gate.bias)[0])
            scores.append(score + float(np.log(quality)))
        expected = np.zeros(WIDTH)
        shares = softmax(scores) if scores else []
        for share, (modality, ones) in zip(shares, there.items(), strict=True):
            expected += share * mean_of(ones)
            np.testing.assert_allclose(gates[row, MODALITIES.index(modality)], share, rtol=1e-4)
        np.testing.assert_allclose(gates[row].sum(), 1.0 if there else 0.0, rtol=1e-5)
        np.testing.assert_allclose(fused[row], expected, rtol=1e-4, atol=1e-6)
