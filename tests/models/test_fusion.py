from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from live_sentiment.core.config import FusionConfig, LearntConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, Expert, Modality, Observation, Window
from live_sentiment.fusion.fuser import EMOTION_PRIOR
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.fusion.registry import FUSERS, save_fusers
from live_sentiment.models.fusion import Fusion
from live_sentiment.models.store.shipped import save_shipped

Make = Callable[..., Observation]
MakeWindow = Callable[..., Window]
Experts = dict[Modality, Expert]
CPU = torch.device("cpu")


@pytest.fixture
def weights(tmp_path: Path, experts: Experts) -> str:
    torch.manual_seed(1)
    path = tmp_path / "fusers.safetensors"
    save_fusers(path, {name: make(experts) for name, make in FUSERS.items()}, experts, {"note": "random"})
    return str(path)


@pytest.fixture(params=sorted(FUSERS))
def fusion(request: pytest.FixtureRequest, weights: str, experts: Experts) -> Fusion:
    return Fusion(list(experts.values()), FusionConfig(fuser=request.param, weights=weights), CPU)


def test_nothing_present_is_no_result(fusion: Fusion, window: MakeWindow, observation: Make) -> None:
    assert fusion(window(), None) is None
    assert fusion(window(observation("vision", person=2)), 1) is None


def test_a_result_is_probabilities_with_shares_that_explain_it(
    fusion: Fusion, window: MakeWindow, observation: Make
) -> None:
    affect = fusion(window(observation("text"), observation("voice"), observation("vision")), 1)
    assert affect is not None
    assert affect.emotions.sum() == pytest.approx(1, abs=1e-6)
    assert affect.polarity.sum() == pytest.approx(1, abs=1e-6)
    assert -1 <= affect.valence <= 1
    assert -1 <= affect.arousal <= 1
    assert sum(affect.shares.values()) == pytest.approx(1)
    leading = int(affect.emotions.argmax())
    gained = affect.emotions[leading] - EMOTION_PRIOR[leading]
    assert sum(affect.effects.values()) == pytest.approx(gained, abs=1e-6)


def test_what_is_said_of_one_window_does_not_contradict_itself(
    fusion: Fusion, window: MakeWindow, observation: Make
) -> None:
    """Polarity is that of the emotions, whatever the experts say of it."""
    furious = replace(observation("text", "neutral", 0.8), polarity=np.array([0.9, 0.05, 0.05], np.float32))
    affect = fusion(window(furious, observation("voice", "anger", 0.6)), None)
    assert affect is not None
    share = dict(zip(EMOTIONS, affect.emotions.tolist(), strict=True))
    unpleasant = sum(share[name] for name in ("sadness", "anger", "fear", "disgust"))
    surprise = share["surprise"] / 3
    assert affect.polarity == pytest.approx(
        [unpleasant + surprise, share["neutral"] + surprise, share["joy"] + surprise], abs=1e-6
    )


def test_only_what_is_present_has_a_share(fusion: Fusion, window: MakeWindow, observation: Make) -> None:
    affect = fusion(window(observation("voice")), None)
    assert affect is not None
    assert affect.shares == {"voice": pytest.approx(1.0)}
    assert set(affect.effects) == {"voice"}


def test_the_same_window_gives_the_same_bytes_whatever_came_before(
    fusion: Fusion, window: MakeWindow, observation: Make
) -> None:
    small = window(observation("text"), observation("vision", "anger"))
    large = window(*(observation("vision", time_s=time / 25) for time in range(1, 100)))
    before = fusion(small, 1)
    fusion(large, 1)
    after = fusion(small, 1)
    assert before is not None
    assert after is not None
    assert before.emotions.tobytes() == after.emotions.tobytes()
    assert before.polarity.tobytes() == after.polarity.tobytes()
    assert (before.valence, before.arousal_sd, before.effects) == (
        after.valence,
        after.arousal_sd,
        after.effects,
    )


def test_who_disagrees_has_a_negative_effect(
    weights: str, experts: Experts, window: MakeWindow, observation: Make
) -> None:
    fusion = Fusion(list(experts.values()), FusionConfig(weights=weights), CPU)
    affect = fusion(
        window(
            observation("text", "anger", 0.9),
            observation("vision", "anger", 0.9),
            observation("voice", "joy", 0.6),
        ),
        1,
    )
    assert affect is not None
    assert EMOTIONS[int(affect.emotions.argmax())] == "anger"
    assert affect.effects["voice"] < 0 < affect.effects["text"]
    assert affect.shares["voice"] < affect.shares["text"]


def test_a_session_may_run_fewer_experts(
    weights: str, experts: Experts, window: MakeWindow, observation: Make
) -> None:
    for name in FUSERS:
        config = FusionConfig.model_validate({"fuser": name, "weights": weights})
        whole, part = Fusion(list(experts.values()), config, CPU), Fusion([experts["voice"]], config, CPU)
        heard = window(observation("voice"))
        np.testing.assert_array_equal(_emotions(whole, heard), _emotions(part, heard))


def _emotions(fusion: Fusion, window: Window) -> np.ndarray:
    affect = fusion(window, None)
    assert affect is not None
    return affect.emotions


def test_embeddings_of_another_head_are_refused_where_they_matter(weights: str, experts: Experts) -> None:
    text = experts["text"]
    other = Expert("text", 12, text.emotion_prior, text.polarity_prior, "own-head", "f" * 64)
    Fusion([other], FusionConfig(weights=weights), CPU)
    with pytest.raises(UsageError, match=r"own-head.*train it again"):
        Fusion([other], FusionConfig(fuser="cross-attention", weights=weights), CPU)


def test_settings_come_back_with_the_weights_and_what_is_not_read_may_be_of_any_size(
    tmp_path: Path, experts: Experts, window: MakeWindow, observation: Make
) -> None:
    path = tmp_path / "two.safetensors"
    settings = LearntConfig(core="weighted", width=24, hidden=(16,), modalities=("text", "vision"))
    torch.manual_seed(3)
    save_fusers(path, {"weighted": LearntFuser(experts, settings)}, experts, {})
    other = Expert(
        "voice", 77, experts["voice"].emotion_prior, experts["voice"].polarity_prior, "new", "9" * 64
    )
    config = FusionConfig(fuser="weighted", weights=str(path))
    fusion = Fusion([experts["text"], experts["vision"], other], config, CPU)
    said = observation("text")
    heard = replace(observation("voice"), embedding=np.ones(77, np.float32))
    np.testing.assert_array_equal(_emotions(fusion, window(said)), _emotions(fusion, window(said, heard)))


def test_the_priors_of_the_heads_in_use_count(
    weights: str, experts: Experts, window: MakeWindow, observation: Make
) -> None:
    said = observation("text", "sadness", 0.8)
    retrained = Expert("text", 12, said.emotions, said.polarity, "new", "e" * 64)
    fusion = Fusion([retrained], FusionConfig(weights=weights), CPU)
    np.testing.assert_allclose(_emotions(fusion, window(said)), EMOTION_PRIOR, rtol=1e-3)


def test_what_corrects_a_head_is_not_for_another_one(
    tmp_path: Path, experts: Experts, window: MakeWindow, observation: Make
) -> None:
    fuser = ProductOfExperts(experts)
    with torch.no_grad():
        fuser.emotion_offsets[:, EMOTIONS.index("joy")] = 2.0
    path = tmp_path / "corrected.safetensors"
    save_fusers(path, {"product-of-experts": fuser}, experts, {})
    config, said = FusionConfig(weights=str(path)), window(observation("text", "joy"))
    other = replace(experts["text"], sha256="e" * 64)
    same, changed = (_emotions(Fusion([one], config, CPU), said) for one in (experts["text"], other))
    joy = EMOTIONS.index("joy")
    assert same[joy] < changed[joy]


def test_weights_without_the_fuser_are_refused(tmp_path: Path, experts: Experts) -> None:
    path = tmp_path / "empty.safetensors"
    save_shipped(path, {"else": torch.zeros(1)}, {"experts": {}})
    with pytest.raises(UsageError, match="hold no fuser 'cross-attention'"):
        Fusion([], FusionConfig(fuser="cross-attention", weights=str(path)), CPU)
