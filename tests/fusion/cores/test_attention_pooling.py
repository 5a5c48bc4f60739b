import numpy as np
import torch

from live_sentiment.fusion.cores.attention_pooling import AttentionPooling
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, seen, softmax


def test_all_tokens_compete_for_one_attention() -> None:
    torch.manual_seed(0)
    core, tokens = AttentionPooling(WIDTH), make_tokens()
    question = array(core.question.weight)[0]
    fused = array(core(tokens).vector)
    for row in range(ROWS):
        values, scores = [], []
        for ones in seen(tokens, row).values():
            for value, _, quality in ones:
                values.append(value)
                scores.append(float(question @ value) + float(np.log(quality)))
        expected = np.zeros(WIDTH)
        for weight, value in zip(softmax(scores) if scores else [], values, strict=True):
            expected += weight * value
        np.testing.assert_allclose(fused[row], expected, rtol=1e-4, atol=1e-6)
