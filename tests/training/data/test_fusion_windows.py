import pytest
import torch

from live_sentiment.core.types import MODALITIES
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.training.data.fusion_windows import only, select, with_one_lying

EMOTIONS = torch.tensor([0, 1, 1, 2, 0, 2])


def batch() -> FusionBatch:
    """Every row's embedding is its number."""
    count = len(EMOTIONS)
    numbers = torch.arange(count).float()[:, None, None]
    return FusionBatch(
        {
            name: ModalitySequence(
                numbers, torch.zeros(count, 1, 7), torch.zeros(count, 1, 3), *torch.zeros(2, count, 1),
                torch.ones(count, 1, dtype=torch.bool),
            )
            for name in MODALITIES
        }
    )  # fmt: skip


def test_a_liar_shows_another_emotion_and_the_others_stay() -> None:
    lied = with_one_lying(batch(), EMOTIONS, "voice", torch.Generator().manual_seed(0))
    shown = EMOTIONS[lied.sequences["voice"].embeddings[:, 0, 0].long()]
    assert (shown != EMOTIONS).all()
    for name in ("text", "vision"):
        assert torch.equal(lied.sequences[name].embeddings, batch().sequences[name].embeddings)


def test_nobody_can_lie_where_all_feel_the_same() -> None:
    with pytest.raises(ValueError, match="feels the same"):
        with_one_lying(batch(), torch.zeros_like(EMOTIONS), "text", torch.Generator())


def test_who_is_not_listened_to_is_masked_and_costs_nothing() -> None:
    longer = FusionBatch(
        {
            name: ModalitySequence(*(torch.cat([field, field], dim=1) for field in one.fields()))
            for name, one in batch().sequences.items()
        }
    )
    kept = only(longer, torch.tensor([True, False, True]))
    assert kept.present.tolist() == [[True, False, True]] * len(EMOTIONS)
    assert [kept.sequences[name].mask.shape[1] for name in MODALITIES] == [2, 1, 2]


def test_windows_are_chosen_by_mask_or_number() -> None:
    for rows in (EMOTIONS == 2, torch.tensor([3, 5])):
        chosen = select(batch(), rows)
        assert chosen.sequences["text"].embeddings[:, 0, 0].tolist() == [3.0, 5.0]
        assert len(chosen) == 2
