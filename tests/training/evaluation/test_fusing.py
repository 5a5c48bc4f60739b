"""Fusers asked about samples and about windows, with an answer that is known."""

import numpy as np
import pytest
import torch

from live_sentiment.core.types import EMOTIONS, MODALITIES, Modality, Observation
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.training.comparison.fixed_fit import stand_ins
from live_sentiment.training.comparison.pairs import lie
from live_sentiment.training.data.fusion_looks import Look, make_pool
from live_sentiment.training.data.pairing import SyntheticPairs
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.evaluation.fusing import fuse_samples, fuse_windows

JOY, ANGER = EMOTIONS.index("joy"), EMOTIONS.index("anger")


def opinion(label: int) -> np.ndarray:
    sure = np.full(7, 0.05, np.float32)
    sure[label] = 0.7
    return sure


def observation(modality: Modality, label: int, time_s: float = 0.0) -> Observation:
    return Observation(
        modality, time_s, np.zeros(1, np.float32), opinion(label), np.full(3, 1 / 3, np.float32), person=1
    )


@pytest.fixture
def fuser() -> ProductOfExperts:
    return ProductOfExperts(stand_ins(dict.fromkeys(MODALITIES, 1))).eval()


@pytest.fixture
def pairs() -> SyntheticPairs:
    """Experts that are always right about what is shown."""
    looks = [[Look(0.0, np.zeros(1, np.float32), opinion(label), np.full(3, 1 / 3))] for label in range(7)]
    pool = make_pool(looks, range(7))
    return SyntheticPairs(dict.fromkeys(MODALITIES, pool))


def test_a_sample_is_fused_from_the_modalities_that_are_left(fuser: ProductOfExperts) -> None:
    samples = [Sample("a"), Sample("b")]
    said = {
        "text": {"a": (observation("text", JOY),), "b": (observation("text", JOY),)},
        "voice": {"a": (observation("voice", JOY),), "b": (observation("voice", ANGER),)},
        # Four seconds ago and more is out of the window.
        "vision": {"b": (observation("vision", JOY, -9.0), observation("vision", ANGER))},
    }
    leading = [
        fuse_samples(samples, said, fuser, chosen).emotion_probabilities.argmax(axis=1).tolist()  # type: ignore[union-attr, arg-type]
        for chosen in (("text",), ("voice",), MODALITIES)
    ]
    assert leading == [[JOY, JOY], [JOY, ANGER], [JOY, ANGER]]


def test_windows_without_a_polarity_to_be_known_are_not_measured_by_it(
    fuser: ProductOfExperts, pairs: SyntheticPairs
) -> None:
    windows = pairs.held_out(200, torch.Generator().manual_seed(0))
    said = fuse_windows(windows, fuser)
    surprised = windows.emotions.numpy() == EMOTIONS.index("surprise")
    assert surprised.any()
    assert (np.isnan(said.polarity_labels).any(axis=1) == surprised).all()  # type: ignore[arg-type]
    assert (said.emotion_labels.argmax(axis=1) == windows.emotions.numpy()).all()  # type: ignore[union-attr]


def test_confidence_falls_when_one_lies(fuser: ProductOfExperts, pairs: SyntheticPairs) -> None:
    windows = pairs.held_out(200, torch.Generator().manual_seed(0))
    found = lie(fuser, windows, "voice")
    assert found.lying_confidence < found.honest_confidence
    assert found.fell == 1
    assert found.honest_accuracy == 1
    # Two against one.
    assert found.lying_accuracy > 0.9
