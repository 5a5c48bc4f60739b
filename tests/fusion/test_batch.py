from collections.abc import Callable

import numpy as np
import pytest
import torch

from live_sentiment.core.types import EMOTIONS, MODALITIES, Modality, Observation, Window
from live_sentiment.fusion.batch import CAPACITY, SUBSETS, FusionBatch, subset_masks

DIMS: dict[Modality, int] = {"text": 12, "voice": 10, "vision": 6}
Make = Callable[..., Observation]
MakeWindow = Callable[..., Window]


def test_times_count_back_from_the_windows_end(observation: Make, window: MakeWindow) -> None:
    batch = FusionBatch.from_window(
        window(observation("voice", time_s=1.0), observation("voice", time_s=4.0)), None, DIMS
    )
    voice = batch.sequences["voice"]
    assert voice.times_s[0, :2].tolist() == [-3.0, 0.0]
    assert voice.mask[0].tolist() == [True, True] + [False] * (CAPACITY["voice"] - 2)


def test_what_an_expert_said_comes_out_again(observation: Make, window: MakeWindow) -> None:
    said = observation("text", "anger", 0.7, quality=0.4)
    text = FusionBatch.from_window(window(said), None, DIMS).sequences["text"]
    np.testing.assert_allclose(text.emotions[0, 0].exp().numpy(), said.emotions, rtol=1e-5)
    np.testing.assert_allclose(text.polarity[0, 0].exp().numpy(), said.polarity, rtol=1e-5)
    np.testing.assert_array_equal(text.embeddings[0, 0].numpy(), said.embedding)
    assert text.quality[0, 0].item() == pytest.approx(0.4)


def test_certainty_has_a_finite_logarithm(observation: Make, window: MakeWindow) -> None:
    batch = FusionBatch.from_window(window(observation("text", "joy", 1.0)), None, DIMS)
    assert batch.sequences["text"].emotions.isfinite().all()


def test_only_the_chosen_persons_face_is_in_it(observation: Make, window: MakeWindow) -> None:
    faces = window(
        observation("vision", "joy", person=1, time_s=1.0),
        observation("vision", "anger", person=2, time_s=2.0),
    )
    second = FusionBatch.from_window(faces, 2, DIMS).sequences["vision"]
    assert second.mask.sum().item() == 1
    assert EMOTIONS[int(second.emotions[0, 0].argmax())] == "anger"
    assert not FusionBatch.from_window(faces, None, DIMS).sequences["vision"].mask.any()


def test_the_shape_is_the_same_for_few_and_too_many(observation: Make, window: MakeWindow) -> None:
    few = FusionBatch.from_window(window(observation("vision")), 1, DIMS)
    many = FusionBatch.from_window(
        window(*(observation("vision", time_s=float(time)) for time in np.linspace(0.01, 4, 500))), 1, DIMS
    )
    for modality in MODALITIES:
        for one, other in zip(
            few.sequences[modality].fields(), many.sequences[modality].fields(), strict=True
        ):
            assert one.shape == other.shape
    times_s = many.sequences["vision"].times_s[0]
    assert times_s[-1] == 0.0
    assert times_s[0] < -3.9
    assert (times_s.diff() > 0).all()


def test_subsets_are_all_eight_and_only_masks_differ(observation: Make, window: MakeWindow) -> None:
    batch = FusionBatch.from_window(
        window(observation("text"), observation("voice"), observation("vision")), 1, DIMS
    )
    eight = batch.over_subsets()
    assert len(eight) == len(set(SUBSETS)) == 8
    assert torch.equal(eight.present, subset_masks())
    for row, subset in enumerate(SUBSETS):
        assert {name for name, held in zip(MODALITIES, eight.present[row], strict=True) if held} == subset
    assert torch.equal(eight.sequences["text"].embeddings[0], eight.sequences["text"].embeddings[7])


def test_an_absent_modality_is_in_no_subset(observation: Make, window: MakeWindow) -> None:
    eight = FusionBatch.from_window(window(observation("voice")), None, DIMS).over_subsets()
    assert eight.present.tolist() == [[False, "voice" in subset, False] for subset in SUBSETS]


def test_subsets_of_several_windows_at_once_are_refused(observation: Make, window: MakeWindow) -> None:
    eight = FusionBatch.from_window(window(observation("voice")), None, DIMS).over_subsets()
    with pytest.raises(ValueError, match="one window"):
        eight.over_subsets()


def test_an_embedding_of_the_wrong_size_is_refused(observation: Make, window: MakeWindow) -> None:
    with pytest.raises(ValueError, match="shape"):
        FusionBatch.from_window(window(observation("voice")), None, {**DIMS, "voice": 11})
