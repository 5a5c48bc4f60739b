import pytest
import torch

from live_sentiment.core.types import EMOTIONS, MODALITIES, Modality
from live_sentiment.fusion.batch import SUBSETS, ModalitySequence
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.fusion.polarity import POLARITY_OF_EMOTION
from live_sentiment.training.data.pairing import (
    WINDOW_S,
    Pairs,
    Pool,
    draw,
    drop_modalities,
)

PER_LABEL = 5


def pool(modality: Modality, looks: int = 3) -> Pool:
    """Every sample's embedding holds its own label and number, so that a pair can be traced back."""
    labels = torch.arange(len(EMOTIONS)).repeat(PER_LABEL)
    count = len(labels)
    traced = torch.stack([labels, torch.arange(count)], dim=1).float()
    sequence = ModalitySequence(
        embeddings=traced[:, None].expand(count, looks, 2).contiguous(),
        emotions=torch.full((count, looks, 7), -1.0),
        polarity=torch.full((count, looks, 3), -1.0),
        times_s=torch.linspace(-2.0 * (looks - 1), 0.0, looks).expand(count, looks).contiguous(),
        quality=torch.ones(count, looks),
        mask=torch.ones(count, looks, dtype=torch.bool),
    )
    return Pool(sequence, labels)


@pytest.fixture
def pools() -> dict[Modality, Pool]:
    return {modality: pool(modality) for modality in MODALITIES}


@pytest.fixture
def pairs(pools: dict[Modality, Pool]) -> Pairs:
    return draw(pools, 4000, torch.Generator().manual_seed(0))


def test_every_sample_shows_what_the_pair_says_it_shows(pairs: Pairs) -> None:
    for index, modality in enumerate(MODALITIES):
        embedded = pairs.batch.sequences[modality].embeddings[:, 0, 0].long()
        assert torch.equal(embedded, pairs.shown[:, index])


def test_all_samples_come_up_and_classes_as_often_as_in_life(pairs: Pairs) -> None:
    numbers = pairs.batch.sequences["voice"].embeddings[:, 0, 1].long()
    assert len(numbers.unique()) == len(EMOTIONS) * PER_LABEL
    frequency = torch.bincount(pairs.emotions, minlength=7) / len(pairs.emotions)
    torch.testing.assert_close(frequency, torch.tensor(EMOTION_PRIOR), atol=0.03, rtol=0)


def test_the_polarity_prior_is_the_emotions(pairs: Pairs) -> None:
    torch.testing.assert_close(
        torch.tensor(EMOTION_PRIOR) @ POLARITY_OF_EMOTION, torch.tensor(POLARITY_PRIOR)
    )
    frequency = torch.bincount(pairs.polarity, minlength=3) / len(pairs.polarity)
    torch.testing.assert_close(frequency, torch.tensor(POLARITY_PRIOR), atol=0.03, rtol=0)


def test_looks_stay_in_order_within_the_window(pairs: Pairs) -> None:
    for sequence in pairs.batch.sequences.values():
        assert (sequence.times_s <= 0).all()
        assert (sequence.times_s[sequence.mask] > -WINDOW_S).all()
        assert (sequence.times_s.diff(dim=1) > 0).all()
        assert sequence.mask[:, -1].all()
        assert not sequence.mask[:, 0].any()


def test_targets_are_the_posterior_of_the_process(pairs: Pairs) -> None:
    # What is said to be 70 % likely has to be right 7 times in 10, for every subset of witnesses.
    for subset in SUBSETS:
        keep = torch.tensor([modality in subset for modality in MODALITIES]).expand(len(pairs.emotions), -1)
        targets, polarity = _distributions(pairs, keep)
        expected = torch.bincount(pairs.emotions, minlength=7).float()
        torch.testing.assert_close(targets.sum(0) / 4000, expected / 4000, atol=0.02, rtol=0)
        confident = targets.max(dim=1)
        right = (confident.indices == pairs.emotions).float().mean()
        assert right == pytest.approx(confident.values.mean().item(), abs=0.02)
        torch.testing.assert_close(polarity.sum(dim=1), torch.ones(4000))


def _distributions(pairs: Pairs, keep: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    targets = pairs.targets(keep)
    assert targets.emotions is not None
    assert targets.polarity is not None
    return targets.emotions, targets.polarity


def test_contradiction_is_doubt_and_majority_wins() -> None:
    joy, anger = EMOTIONS.index("joy"), EMOTIONS.index("anger")
    shown = torch.tensor([[joy, anger, anger], [joy, anger, joy]])
    empty = draw({modality: pool(modality) for modality in MODALITIES}, 2, torch.Generator()).batch
    pairs = Pairs(empty, shown[:, 0], shown, shown[:, 0] % 3)
    two, _ = _distributions(pairs, torch.tensor([[True, True, False]]).expand(2, -1))
    three, _ = _distributions(pairs, torch.ones(2, 3, dtype=torch.bool))
    assert two[0, anger] == pytest.approx(two[0, joy].item(), rel=0.6)
    assert two[0, [joy, anger]].sum() > 0.9
    assert three[0].argmax() == anger
    assert three[1].argmax() == joy


def test_one_seed_gives_one_set_of_pairs(pools: dict[Modality, Pool], pairs: Pairs) -> None:
    again = draw(pools, 4000, torch.Generator().manual_seed(0))
    other = draw(pools, 4000, torch.Generator().manual_seed(1))
    assert torch.equal(pairs.shown, again.shown)
    assert torch.equal(pairs.batch.sequences["text"].times_s, again.batch.sequences["text"].times_s)
    assert not torch.equal(pairs.shown, other.shown)


def test_modality_dropout_leaves_any_subset_but_none() -> None:
    keep = drop_modalities(500, torch.Generator().manual_seed(0))
    assert {tuple(row) for row in keep.tolist()} == {
        tuple(modality in subset for modality in MODALITIES) for subset in SUBSETS if subset
    }


def test_a_pool_without_an_emotion_is_refused() -> None:
    whole = pool("text")
    kept = whole.labels != EMOTIONS.index("disgust")
    looks = ModalitySequence(*(field[kept] for field in whole.looks.fields()))
    with pytest.raises(ValueError, match="disgust"):
        Pool(looks, whole.labels[kept])
    with pytest.raises(ValueError, match="labels for"):
        Pool(looks, whole.labels)
