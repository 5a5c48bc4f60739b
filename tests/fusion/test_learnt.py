from collections.abc import Callable

import numpy as np
import pytest
import torch

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.types import MODALITIES, Expert, Modality, Observation, Window
from live_sentiment.fusion.batch import SUBSETS, FusionBatch, ModalitySequence
from live_sentiment.fusion.circumplex import valence_arousal
from live_sentiment.fusion.cores import CORES
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.fusion.polarity import POLARITY_OF_EMOTION

Make = Callable[..., Observation]
MakeWindow = Callable[..., Window]
Experts = dict[Modality, Expert]


@pytest.fixture
def full(observation: Make, window: MakeWindow) -> Window:
    return window(
        *(observation("vision", time_s=time / 10, quality=0.7) for time in range(1, 40)),
        *(observation("voice", time_s=time / 2) for time in range(1, 8)),
        observation("text", time_s=3.0),
    )


def eight(fuser: LearntFuser, window: Window) -> FusionBatch:
    return FusionBatch.from_window(window, 1, fuser.embedding_dims).over_subsets()


def make(experts: Experts, **settings: object) -> LearntFuser:
    torch.manual_seed(0)
    return LearntFuser(experts, LearntConfig.model_validate(settings)).eval()


@pytest.mark.parametrize("core", CORES)
def test_every_subset_has_an_answer_and_nothing_is_the_prior(
    core: str, experts: Experts, full: Window
) -> None:
    fuser = make(experts, core=core)
    with torch.inference_mode():
        output = fuser(eight(fuser, full))
    assert output.emotion_logits.isfinite().all()
    torch.testing.assert_close(output.emotion_logits[0].softmax(0), torch.tensor(EMOTION_PRIOR))
    torch.testing.assert_close(output.polarity_logits[0].softmax(0), torch.tensor(POLARITY_PRIOR))
    distances = torch.cdist(output.emotion_logits, output.emotion_logits) + torch.eye(len(SUBSETS))
    assert distances.min() > 1e-4


@pytest.mark.parametrize("core", CORES)
def test_padding_is_never_looked_at_not_even_by_the_gradient(
    core: str, experts: Experts, full: Window
) -> None:
    fuser = make(experts, core=core)
    clean = eight(fuser, full)
    dirty = FusionBatch(
        {
            name: ModalitySequence(
                *(_poison(one, sequence.mask) for one in sequence.fields()[:-1]),
                sequence.mask,
            )
            for name, sequence in clean.sequences.items()
        }
    )
    outputs = [fuser(batch) for batch in (clean, dirty)]
    torch.testing.assert_close(outputs[0].emotion_logits, outputs[1].emotion_logits)
    torch.testing.assert_close(outputs[0].polarity_logits, outputs[1].polarity_logits)
    (outputs[1].emotion_logits.square().sum() + outputs[1].polarity_logits.square().sum()).backward()
    for name, weight in fuser.named_parameters():
        if "alignment" not in name:
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all(), name


def _poison(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    poisoned = values.clone()
    poisoned[~mask] = torch.nan
    return poisoned


def test_poor_quality_says_less(experts: Experts, observation: Make, window: MakeWindow) -> None:
    fuser = make(experts, core="sum")
    gaps = []
    for quality in (1.0, 0.2, 0.0):
        seen = window(observation("vision", quality=quality))
        logits = fuser(FusionBatch.from_window(seen, 1, fuser.embedding_dims)).emotion_logits
        gaps.append(float((logits[0].softmax(0) - torch.tensor(EMOTION_PRIOR)).abs().sum().detach()))
    assert gaps[0] > gaps[1] > gaps[2] == pytest.approx(0.0, abs=1e-6)


def test_calibration_belongs_to_the_subset(experts: Experts, full: Window) -> None:
    fuser = make(experts, core="mean")
    with torch.inference_mode():
        before = fuser(eight(fuser, full)).emotion_logits
        fuser.emotion_scale[3] = 0.5
        after = fuser(eight(fuser, full)).emotion_logits
    prior = fuser.log_emotion_prior
    torch.testing.assert_close(after[3] - prior, (before[3] - prior) / 2)
    assert torch.equal(after[[0, 1, 2, 4, 5, 6, 7]], before[[0, 1, 2, 4, 5, 6, 7]])


def test_what_it_does_not_read_changes_nothing(experts: Experts, full: Window) -> None:
    fuser = make(experts, core="concat", modalities=("vision", "text"))
    with torch.inference_mode():
        logits = fuser(eight(fuser, full)).emotion_logits
    voice = MODALITIES.index("voice")
    for row in range(len(SUBSETS)):
        assert torch.equal(logits[row], logits[row & ~(1 << voice)])
    assert "voice" not in fuser.projections


def test_without_opinions_the_experts_words_change_nothing(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    joy, anger = (observation("voice", emotion, time_s=1.0) for emotion in ("joy", "anger"))
    same = [
        window(one) for one in (joy, type(joy)("voice", 1.0, joy.embedding, anger.emotions, joy.polarity))
    ]
    for use_opinions in (True, False):
        fuser = make(experts, core="mean", use_opinions=use_opinions)
        one, other = (
            fuser(FusionBatch.from_window(said, None, fuser.embedding_dims)).emotion_logits for said in same
        )
        assert torch.equal(one, other) is not use_opinions


def test_polarity_and_emotions_follow_from_each_other(experts: Experts, full: Window) -> None:
    fuser = make(experts, heads=("emotions",))
    output = fuser(eight(fuser, full))
    expected = output.emotion_logits.softmax(1) @ POLARITY_OF_EMOTION
    torch.testing.assert_close(output.polarity_logits.softmax(1), expected)

    fuser = make(experts, heads=("polarity",))
    output = fuser(eight(fuser, full))
    emotions = output.emotion_logits.softmax(1)
    torch.testing.assert_close(
        emotions @ POLARITY_OF_EMOTION, output.polarity_logits.softmax(1), atol=0.05, rtol=0.2
    )
    torch.testing.assert_close(emotions[0], torch.tensor(EMOTION_PRIOR))


def test_valence_and_arousal_are_derived_unless_they_are_learnt(experts: Experts, full: Window) -> None:
    derived = make(experts)
    output = derived(eight(derived, full))
    torch.testing.assert_close(output.valence_arousal, valence_arousal(output.emotion_logits.softmax(1))[0])

    learnt = make(experts, heads=("emotions", "polarity", "valence_arousal"))
    learnt.learnt_sd[-1] = torch.tensor([0.2, 0.3])
    output = learnt(eight(learnt, full))
    assert (output.valence_arousal.abs() <= 1).all()
    assert not output.valence_arousal[0].any()
    torch.testing.assert_close(output.valence_arousal_sd[-1], torch.tensor([0.2, 0.3]))
    _, spread = valence_arousal(torch.tensor([EMOTION_PRIOR]))
    torch.testing.assert_close(output.valence_arousal_sd[0], spread[0])


def test_a_score_lies_between_minus_three_and_three(experts: Experts, full: Window) -> None:
    fuser = make(experts, heads=("score",))
    read = fuser.read(eight(fuser, full))
    assert read.score is not None
    assert read.score.shape == (8,)
    assert (read.score.abs() <= 3).all()
    assert read.score[0] == 0
    torch.testing.assert_close(read.output.emotion_logits[-1].softmax(0), torch.tensor(EMOTION_PRIOR))


def test_hidden_layers_stand_between_core_and_heads(experts: Experts, full: Window) -> None:
    fuser = make(experts, core="concat", hidden=(128, 32))
    assert fuser.read(eight(fuser, full)).vector.shape == (8, 32)


def test_priors_can_be_those_of_the_data(experts: Experts, full: Window) -> None:
    fuser = make(experts)
    flat = np.full(7, 1 / 7, np.float32)
    fuser.set_priors(torch.from_numpy(flat), torch.full((3,), 1 / 3))
    output = fuser(eight(fuser, full))
    np.testing.assert_allclose(output.emotion_logits[0].softmax(0).detach(), flat, rtol=1e-5)


def test_auxiliary_losses_come_through_in_training(experts: Experts, full: Window) -> None:
    fuser = make(experts, core="shared-space")
    assert fuser.read(eight(fuser, full)).auxiliary is None
    assert fuser.train().read(eight(fuser, full)).auxiliary is not None


def test_cross_attention_stays_small() -> None:
    big: Experts = {
        modality: Expert(
            modality, dim, np.full(7, 1 / 7, np.float32), np.full(3, 1 / 3, np.float32), "m", "0"
        )
        for modality, dim in zip(MODALITIES, (384, 768, 512), strict=True)
    }
    fuser = LearntFuser(big, LearntConfig())
    assert sum(weight.numel() * 4 for weight in fuser.parameters()) <= 2_000_000
