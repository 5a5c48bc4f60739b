import numpy as np
import pytest
import torch

from live_sentiment.fusion.cores.alignment import Alignment, info_nce, matching_bce

ROWS, WIDTH = 5, 4


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, ROWS, WIDTH, generator=generator)
    return torch.nn.functional.normalize(one, dim=1), torch.nn.functional.normalize(other, dim=1)


def test_info_nce_is_its_formula(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    a, b = (one.double().numpy() for one in pair)
    total = 0.0
    for row in range(ROWS):
        forth = [np.exp(a[row] @ b[other] / 0.2) for other in range(ROWS)]
        back = [np.exp(b[row] @ a[other] / 0.2) for other in range(ROWS)]
        total -= np.log(forth[row] / sum(forth)) + np.log(back[row] / sum(back))
    assert float(info_nce(*pair, 0.2)) == pytest.approx(total / ROWS / 2, rel=1e-5)


def test_matching_is_its_formula(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    a, b = (one.double().numpy() for one in pair)

    def log_sigmoid(x: float) -> float:
        return float(-np.log(1 + np.exp(-x)))

    own = np.mean([log_sigmoid(a[row] @ b[row] / 0.5 - 0.3) for row in range(ROWS)])
    others = np.mean(
        [
            log_sigmoid(-(a[row] @ b[other] / 0.5 - 0.3))
            for row in range(ROWS)
            for other in range(ROWS)
            if row != other
        ]
    )
    assert float(matching_bce(*pair, 0.5, -0.3)) == pytest.approx(-(own + others) / 2, rel=1e-5)


@pytest.mark.parametrize("kind", ["infonce", "bce", "both"])
def test_what_belongs_together_costs_less(kind: str, pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    align = Alignment(kind)  # type: ignore[arg-type]
    present = torch.ones(ROWS, 2, dtype=torch.bool)
    together = align(torch.stack([pair[0], pair[0]], dim=1), present)
    apart = align(torch.stack([pair[0], pair[0].roll(1, dims=0)], dim=1), present)
    assert together is not None
    assert apart is not None
    assert together < apart


def test_only_rows_with_both_are_compared(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    vectors = torch.stack([*pair, torch.randn(ROWS, WIDTH)], dim=1)
    present = torch.tensor([[True, True, False]] * 3 + [[True, False, False]] * 2)
    align = Alignment("infonce")
    loss = align(vectors, present)
    assert loss is not None
    torch.testing.assert_close(loss, info_nce(pair[0][:3], pair[1][:3], 0.1))


def test_nothing_to_align_is_no_loss() -> None:
    assert Alignment("none")(torch.randn(4, 3, 2), torch.ones(4, 3, dtype=torch.bool)) is None
    alone = torch.tensor([[True, False, False]] * 4)
    assert Alignment("both")(torch.randn(4, 3, 2), alone) is None
