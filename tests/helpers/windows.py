"""Windows and experts made by hand, for the tests of fusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS, MODALITIES, Expert, Modality, Observation, Presence, Window

DIMS: dict[Modality, int] = {"text": 12, "voice": 10, "vision": 6}

MakeObservation = Callable[..., Observation]
MakeWindow = Callable[..., Window]


def _leaning(emotion: str, probability: float) -> np.ndarray:
    emotions = np.full(len(EMOTIONS), (1 - probability) / (len(EMOTIONS) - 1), np.float32)
    emotions[EMOTIONS.index(emotion)] = probability
    return emotions


@pytest.fixture
def observation() -> MakeObservation:
    """Makes an observation that gives `emotion` the `probability` and spreads the rest evenly."""

    def make(
        modality: Modality,
        emotion: str = "joy",
        probability: float = 0.6,
        *,
        time_s: float = 3.5,
        polarity: tuple[float, float, float] = (0.2, 0.3, 0.5),
        quality: float = 1.0,
        person: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> Observation:
        if modality == "vision" and person is None:
            person = 1
        seed = abs(hash((MODALITIES.index(modality), EMOTIONS.index(emotion), round(1000 * time_s))))
        embedding = np.random.default_rng(seed).standard_normal(DIMS[modality]).astype(np.float32)
        return Observation(
            modality,
            time_s,
            embedding,
            _leaning(emotion, probability),
            np.array(polarity, np.float32),
            quality,
            person,
            details or {"box": (0.0, 0.0, 50.0, 60.0), "mouth_motion": 0.0},
        )

    return make


@pytest.fixture
def window() -> MakeWindow:
    """Makes the final window (0, 4] s of observations in any order."""

    def make(*observations: Observation, activity: float = 1.0) -> Window:
        by_modality = {
            modality: tuple(
                sorted(
                    (one for one in observations if one.modality == modality),
                    key=lambda one: one.time_s,
                )
            )
            for modality in MODALITIES
        }
        return Window(
            index=16,
            start_s=0.0,
            end_s=4.0,
            observations={modality: ones for modality, ones in by_modality.items() if ones},
            words=(),
            activity=activity,
            presence={
                modality: Presence(bool(ones), None if ones else "nothing")
                for modality, ones in by_modality.items()
            },
            final=True,
        )

    return make


@pytest.fixture
def experts() -> dict[Modality, Expert]:
    """Experts calibrated under uniform priors."""
    return {
        modality: Expert(
            modality,
            dim,
            np.full(7, 1 / 7, np.float32),
            np.full(3, 1 / 3, np.float32),
            f"{modality}-model",
            modality[0] * 64,
        )
        for modality, dim in DIMS.items()
    }
