"""Imputers: what they fill in, and what they leave alone."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.training.tasks.imputers import IMPUTERS, ImputingFuser, kl, mean_look

DIMS = {"text": 4, "voice": 3, "vision": 2}


def windows(count: int, *absent: str, steps: int = 2) -> FusionBatch:
    """Random windows; the modalities named are missing in all of them."""
    torch.manual_seed(0)
    sequences = {}
    for name in MODALITIES:
        mask = torch.full((count, steps), name not in absent)
        sequences[name] = ModalitySequence(
            torch.randn(count, steps, DIMS[name]),
            torch.randn(count, steps, 7).log_softmax(dim=2),
            torch.randn(count, steps, 3).log_softmax(dim=2),
            -torch.rand(count, steps),
            torch.full((count, steps), 0.5),
            mask,
        )
    return FusionBatch(sequences)


@pytest.mark.parametrize("name", IMPUTERS)
def test_what_is_missing_gets_one_look_and_the_rest_stays(name: str) -> None:
    imputer = IMPUTERS[name](DIMS).eval()
    imputer.set_scale(windows(32))
    before = windows(5, "voice")
    after = imputer.fill(before)
    made = after.sequences["voice"]
    assert made.mask.tolist() == [[True, False]] * 5
    assert made.quality[:, 0].tolist() == [0.5] * 5
    assert made.times_s[:, 0].tolist() == [0] * 5
    torch.testing.assert_close(made.emotions[:, 0].exp().sum(dim=1), torch.ones(5))
    assert made.embeddings[:, 0].isfinite().all()
    for other in ("text", "vision"):
        for one, same in zip(after.sequences[other].fields(), before.sequences[other].fields(), strict=True):
            assert torch.equal(one, same)


@pytest.mark.parametrize("name", IMPUTERS)
def test_what_it_makes_does_not_depend_on_what_lies_in_absent_places(name: str) -> None:
    imputer = IMPUTERS[name](DIMS).eval()
    imputer.set_scale(windows(32))
    clean = windows(3, "voice", "vision")
    spoilt = windows(3, "voice", "vision")
    spoilt.sequences["voice"].embeddings.fill_(float("nan"))
    with torch.inference_mode():
        one, other = imputer.fill(clean), imputer.fill(spoilt)
    for modality in ("voice", "vision"):
        torch.testing.assert_close(
            one.sequences[modality].embeddings[:, 0], other.sequences[modality].embeddings[:, 0]
        )


def test_windows_without_anything_stay_empty() -> None:
    imputer = IMPUTERS["regressor"](DIMS).eval()
    assert not imputer.fill(windows(2, *MODALITIES)).present.any()


def test_the_mean_look_goes_by_quality() -> None:
    sequence = windows(1).sequences["text"]
    sequence.quality.copy_(torch.tensor([[0.75, 0.25]]))
    expected = 0.75 * sequence.embeddings[0, 0] + 0.25 * sequence.embeddings[0, 1]
    torch.testing.assert_close(mean_look(sequence)[0, :4], expected)


def test_the_divergence_is_that_of_gaussians() -> None:
    torch.manual_seed(0)
    mean, log_sd, prior_mean, prior_log_sd = torch.randn(4, 5, 6)
    expected = kl_divergence(Normal(mean, log_sd.exp()), Normal(prior_mean, prior_log_sd.exp())).sum(dim=1)
    torch.testing.assert_close(kl(mean, log_sd, prior_mean, prior_log_sd), expected)


class Counting(Fuser):
    """Says joy as often as there are modalities."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.embedding_dims = DIMS

    def forward(self, batch: FusionBatch) -> FusionOutput:
        logits = torch.zeros(len(batch), 7)
        logits[:, 1] = batch.present.sum(dim=1).float()
        return FusionOutput.from_logits(logits, torch.zeros(len(batch), 3))


def test_the_fuser_is_given_whole_windows() -> None:
    fuser = ImputingFuser(Counting(), IMPUTERS["regressor"](DIMS)).eval()
    assert fuser.embedding_dims == DIMS
    said = [fuser(windows(1, *absent)).emotion_logits[0, 1].item() for absent in ((), ("text",), MODALITIES)]
    assert said == [3, 3, 0]
