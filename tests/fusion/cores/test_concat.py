import numpy as np
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.concat import Concat
from tests.helpers.core_tokens import ROWS, WIDTH, array, make_tokens, mean_of, seen


def test_the_means_stand_side_by_side_and_somebody_stands_in_for_the_absent() -> None:
    torch.manual_seed(0)
    core, tokens = Concat(WIDTH), make_tokens()
    fused = array(core(tokens).vector)
    for row in range(ROWS):
        there = seen(tokens, row)
        for index, modality in enumerate(MODALITIES):
            expected = mean_of(there[modality]) if modality in there else array(core.stand_ins.vectors[index])
            np.testing.assert_allclose(
                fused[row, index * WIDTH : (index + 1) * WIDTH], expected, rtol=1e-4, atol=1e-6
            )
