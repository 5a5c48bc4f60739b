from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence
from live_sentiment.fusion.cross_attention import CrossAttention
from live_sentiment.fusion.fuser import EMOTION_PRIOR
from live_sentiment.types import MODALITIES, Expert, Modality, Observation, Window

Make = Callable[..., Observation]
MakeWindow = Callable[..., Window]


@pytest.fixture
def fuser(experts: dict[Modality, Expert]) -> CrossAttention:
    torch.manual_seed(0)
    return CrossAttention(experts).eval()


@pytest.fixture
def full(observation: Make, window: MakeWindow) -> Window:
    return window(
        *(observation("vision", time_s=time / 10) for time in range(1, 40)),
        *(observation("voice", time_s=time / 2) for time in range(1, 8)),
        observation("text", time_s=3.0),
    )


def test_padding_and_absent_modalities_never_count(fuser: CrossAttention, full: Window) -> None:
    eight = FusionBatch.from_window(full, 1, fuser.embedding_dims).over_subsets()
    poisoned = FusionBatch(
        {
            name: ModalitySequence(
                *(
                    torch.where(_like(sequence.mask, one), one, torch.full_like(one, 1e3))
                    for one in sequence.fields()[:-1]
                ),
                sequence.mask,
            )
            for name, sequence in eight.sequences.items()
        }
    )
    with torch.inference_mode():
        clean, dirty = fuser(eight), fuser(poisoned)
    torch.testing.assert_close(clean.emotion_logits, dirty.emotion_logits)
    torch.testing.assert_close(clean.polarity_logits, dirty.polarity_logits)


def _like(mask: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    return mask.reshape(*mask.shape, *[1] * (values.ndim - 2)).expand_as(values)


def test_every_subset_has_an_answer_of_its_own(fuser: CrossAttention, full: Window) -> None:
    with torch.inference_mode():
        logits = fuser(FusionBatch.from_window(full, 1, fuser.embedding_dims).over_subsets()).emotion_logits
    assert logits.isfinite().all()
    torch.testing.assert_close(logits[0].softmax(0), torch.tensor(EMOTION_PRIOR))
    distances = torch.cdist(logits, logits) + torch.eye(len(SUBSETS))
    assert distances.min() > 1e-4


def test_it_knows_when_things_happened(fuser: CrossAttention, observation: Make, window: MakeWindow) -> None:
    said, seen = observation("text", time_s=3.9), observation("vision", time_s=3.9)
    with torch.inference_mode():
        together, apart = (
            fuser(FusionBatch.from_window(window(said, look), 1, fuser.embedding_dims)).emotion_logits
            for look in (seen, replace(seen, time_s=0.3))
        )
    assert (together - apart).abs().max() > 1e-4


def test_gradients_reach_every_weight_and_the_empty_set_breaks_none(
    fuser: CrossAttention, full: Window
) -> None:
    eight = FusionBatch.from_window(full, 1, fuser.embedding_dims).over_subsets()
    output = fuser.train()(eight)
    (output.emotion_logits.square().sum() + output.polarity_logits.square().sum()).backward()
    for name, weight in fuser.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


def test_it_stays_small() -> None:
    big = {
        modality: Expert(modality, dim, torch.ones(7).numpy() / 7, torch.ones(3).numpy() / 3, "m", "0")
        for modality, dim in zip(MODALITIES, (384, 768, 512), strict=True)
    }
    assert sum(weight.numel() * 4 for weight in CrossAttention(big).parameters()) <= 2_000_000
