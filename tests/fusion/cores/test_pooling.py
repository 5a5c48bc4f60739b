import pytest
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.cores.core import Tokens
from live_sentiment.fusion.cores.pooling import mean_over_time, presence, quality_of
from tests.helpers.core_tokens import ROWS, make_tokens, mean_of, seen


def test_presence_is_any_token_at_all() -> None:
    tokens = make_tokens()
    expected = [[modality in seen(tokens, row) for modality in MODALITIES] for row in range(ROWS)]
    assert presence(tokens).tolist() == expected


def test_good_looks_count_for_more() -> None:
    one = Tokens(
        torch.tensor([[[1.0], [3.0]]]),
        torch.ones(1, 2, dtype=torch.bool),
        torch.zeros(1, 2),
        torch.tensor([[0.9, 0.3]]),
    )
    assert mean_over_time(one).item() == pytest.approx((0.9 * 1 + 0.3 * 3) / 1.2)
    assert quality_of(one).item() == pytest.approx((0.81 + 0.09) / 1.2)


def test_looks_of_no_quality_are_read_where_there_is_nothing_better() -> None:
    mask = torch.ones(1, 2, dtype=torch.bool)
    one = Tokens(torch.tensor([[[1.0], [3.0]]]), mask, torch.zeros(1, 2), torch.zeros(1, 2))
    assert mean_over_time(one).item() == pytest.approx(2.0)
    assert quality_of(one).item() == 0.0


def test_the_mean_over_time_is_by_quality() -> None:
    tokens = make_tokens()
    for row in range(ROWS):
        for modality, ones in seen(tokens, row).items():
            torch.testing.assert_close(
                mean_over_time(tokens[modality])[row].double(),
                torch.from_numpy(mean_of(ones)),
                rtol=1e-4,
                atol=1e-6,
            )
