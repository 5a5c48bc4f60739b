import numpy as np
import torch
from scipy.special import expit

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.recurrent import Recurrent
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, seen


def lstm(module: torch.nn.LSTM, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The equations of Hochreiter and Schmidhuber with a forget gate, step by step."""
    hidden, cell, states = np.zeros(WIDTH), np.zeros(WIDTH), []
    for x in inputs:
        gates = (
            array(module.weight_ih_l0) @ x
            + array(module.bias_ih_l0)
            + array(module.weight_hh_l0) @ hidden
            + array(module.bias_hh_l0)
        )
        let_in, forget, candidate, let_out = np.split(gates, 4)
        cell = expit(forget) * cell + expit(let_in) * np.tanh(candidate)
        hidden = expit(let_out) * np.tanh(cell)
        states.append(hidden)
    return states


def test_each_modality_is_read_and_then_all_of_them_in_order_of_time() -> None:
    torch.manual_seed(0)
    core, tokens = Recurrent(WIDTH), make_tokens()
    fused = array(core(tokens).vector)
    for row in range(ROWS):
        told: list[tuple[float, np.ndarray]] = []
        for modality, ones in seen(tokens, row).items():
            ordered = sorted(ones, key=lambda one: one[1])
            states = lstm(core.readers[MODALITIES.index(modality)], [value for value, _, _ in ordered])
            told += [(time_s, state) for (_, time_s, _), state in zip(ordered, states, strict=True)]
        story = lstm(core.fusing, [state for _, state in sorted(told, key=lambda one: one[0])])
        np.testing.assert_allclose(fused[row], story[-1] if story else np.zeros(WIDTH), rtol=1e-4, atol=1e-6)
