from collections.abc import Callable

import numpy as np
import pytest
import torch

from live_sentiment.core.types import EMOTIONS, MODALITIES, Expert, Modality, Observation, Window
from live_sentiment.fusion.batch import SUBSETS, FusionBatch
from live_sentiment.fusion.fuser import EMOTION_PRIOR, MISLED, POLARITY_PRIOR
from live_sentiment.fusion.product_of_experts import HIGHEST_WEIGHT, NEUTRAL, UNMOVED, ProductOfExperts

Make = Callable[..., Observation]
MakeWindow = Callable[..., Window]
Experts = dict[Modality, Expert]


def fuse(experts: Experts, window: Window, fuser: ProductOfExperts | None = None) -> np.ndarray:
    fuser = fuser or ProductOfExperts(experts)
    batch = FusionBatch.from_window(window, 1, fuser.embedding_dims)
    with torch.inference_mode():
        return np.asarray(fuser(batch).emotion_logits.softmax(dim=1)[0].numpy())


def test_it_is_bayes_rule_for_independent_witnesses_that_may_be_misled(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    said = observation("text", "joy", 0.5), observation("voice", "anger", 0.3)
    ratios = {one.modality: one.emotions * 7 for one in said}
    likelihoods = [
        (1 - MISLED) * ratio + MISLED + UNMOVED[modality] * ratio[NEUTRAL]
        for modality, ratio in ratios.items()
    ]
    expected = np.array(EMOTION_PRIOR) * likelihoods[0] * likelihoods[1]
    np.testing.assert_allclose(fuse(experts, window(*said)), expected / expected.sum(), rtol=1e-4)


def test_an_expert_that_only_repeats_its_own_prior_says_nothing(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    skewed = observation("voice", "sadness", 0.8)
    experts["voice"] = Expert("voice", 10, skewed.emotions, np.full(3, 1 / 3, np.float32), "m", "0")
    np.testing.assert_allclose(fuse(experts, window(skewed)), EMOTION_PRIOR, rtol=1e-3)


def test_with_nothing_present_it_gives_the_prior(experts: Experts, window: MakeWindow) -> None:
    fuser = ProductOfExperts(experts)
    output = fuser(FusionBatch.from_window(window(), None, fuser.embedding_dims))
    np.testing.assert_allclose(output.emotion_logits.softmax(1)[0].detach(), EMOTION_PRIOR, rtol=1e-5)
    np.testing.assert_allclose(output.polarity_logits.softmax(1)[0].detach(), POLARITY_PRIOR, rtol=1e-5)


def test_agreement_makes_surer_and_contradiction_less_sure(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    joy = EMOTIONS.index("joy")
    alone = fuse(experts, window(observation("text", "joy")))[joy]
    agreed = fuse(experts, window(observation("text", "joy"), observation("vision", "joy")))[joy]
    denied = fuse(experts, window(observation("text", "joy"), observation("vision", "sadness")))[joy]
    assert denied < alone < agreed


def test_poor_quality_says_less(experts: Experts, observation: Make, window: MakeWindow) -> None:
    joy = EMOTIONS.index("joy")
    clear, blurred, none = (
        fuse(experts, window(observation("vision", "joy", 0.9, quality=quality)))[joy]
        for quality in (1.0, 0.3, 0.0)
    )
    assert clear > blurred > none == pytest.approx(EMOTION_PRIOR[joy])


def test_within_a_modality_looks_are_averaged_not_multiplied(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    one = fuse(experts, window(observation("vision", time_s=4.0)))
    fifty = fuse(experts, window(*(observation("vision", time_s=time / 25) for time in range(50, 100))))
    np.testing.assert_allclose(one, fifty, rtol=1e-4)


def test_the_last_words_have_the_say_and_faces_are_averaged(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    leading = {}
    modality: Modality
    for modality in ("text", "vision"):
        looks = [observation(modality, "anger", 0.8, time_s=time / 4) for time in range(2, 13)]
        emotions = fuse(experts, window(*looks, observation(modality, "joy", 0.8, time_s=3.9)))
        leading[modality] = EMOTIONS[int(emotions.argmax())]
    assert leading == {"text": "joy", "vision": "anger"}


def test_weights_belong_to_the_subset_that_is_present(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    fuser = ProductOfExperts(experts)
    with torch.no_grad():
        fuser.emotion_weights[SUBSETS.index(frozenset({"text", "vision"}))] = 0.0
    said = observation("text"), observation("vision")
    np.testing.assert_allclose(fuse(experts, window(*said), fuser), EMOTION_PRIOR, rtol=1e-4)
    assert fuse(experts, window(said[0]), fuser) == pytest.approx(fuse(experts, window(said[0])))


def test_alone_a_modality_is_taken_at_its_word(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    said = observation("text", "neutral", 0.8)
    expected = np.array(EMOTION_PRIOR) * ((1 - MISLED) * said.emotions * 7 + MISLED)
    np.testing.assert_allclose(fuse(experts, window(said)), expected / expected.sum(), rtol=1e-4)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("silent", MODALITIES)
def test_a_modality_that_says_nothing_in_particular_does_not_outvote_one_that_does(
    modality: Modality, silent: Modality, experts: Experts, observation: Make, window: MakeWindow
) -> None:
    if modality == silent:
        pytest.skip("it takes two")
    says, nothing = observation(modality, "joy", 0.8), observation(silent, "neutral", 0.8)
    joy, neutral = fuse(experts, window(says, nothing))[[EMOTIONS.index("joy"), NEUTRAL]]
    assert joy > neutral
    both = fuse(experts, window(observation(modality, "neutral", 0.8), nothing))
    assert both[NEUTRAL] > EMOTION_PRIOR[NEUTRAL]


def test_what_one_modality_says_counts_in_full_beside_a_silent_one(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    """Two that show the same emotion are surer than one of them beside neutral words."""
    joy = EMOTIONS.index("joy")
    face = observation("vision", "joy", 0.8)
    beside, agreed = (
        fuse(experts, window(face, observation("text", shown, 0.8)))[joy] for shown in ("neutral", "joy")
    )
    assert EMOTION_PRIOR[joy] < beside < agreed


def test_nobody_has_a_veto(experts: Experts, observation: Make, window: MakeWindow) -> None:
    certain = observation("vision", "sadness", 1.0)
    others = observation("text", "joy", 0.9), observation("voice", "joy", 0.9)
    assert EMOTIONS[int(fuse(experts, window(certain, *others)).argmax())] == "joy"


def test_a_weight_beyond_the_highest_changes_nothing(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    said = window(observation("voice", "joy", 0.6))
    results = []
    for weight in (HIGHEST_WEIGHT, 5.0):
        fuser = ProductOfExperts(experts)
        with torch.no_grad():
            fuser.emotion_weights.fill_(weight)
        results.append(fuse(experts, said, fuser))
    np.testing.assert_array_equal(*results)


def test_an_offset_corrects_what_an_expert_says_of_anyone(
    experts: Experts, observation: Make, window: MakeWindow
) -> None:
    said = observation("voice", "sadness", 0.8)
    fuser = ProductOfExperts(experts)
    with torch.no_grad():
        # Stated is a uniform prior; in truth it leans like this towards everybody.
        fuser.emotion_offsets[1] = torch.from_numpy(said.emotions * 7).log()
    np.testing.assert_allclose(fuse(experts, window(said), fuser), EMOTION_PRIOR, rtol=1e-3)
    words = observation("text", "sadness", 0.8)
    np.testing.assert_array_equal(fuse(experts, window(words), fuser), fuse(experts, window(words)))
