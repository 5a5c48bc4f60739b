"""What is given up to keep up, and in which order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from live_sentiment.core.config import Config, PerceptionConfig, load_config
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.degradation import Degradation, degradation_steps
from live_sentiment.runtime.stages import load_stages


class Told:
    """Stages that note what they are told."""

    def __init__(self) -> None:
        self.rate_hz: float | None = None
        self.hop_s: float | None = None
        self.face = SimpleNamespace(set_rate_hz=lambda rate_hz: setattr(self, "rate_hz", rate_hz))
        self.transcriber = SimpleNamespace(
            recogniser=SimpleNamespace(), beam=5, set_hop_s=lambda hop_s: setattr(self, "hop_s", hop_s)
        )


def quality(told: Any, smaller: Any = None, **speech: Any) -> Degradation:
    perception = PerceptionConfig.model_validate({"speech": speech})
    return Degradation(degradation_steps(perception, told, smaller))


def test_faces_first_then_the_hop_then_the_search_then_the_model() -> None:
    told = Told()
    first, smaller = told.transcriber.recogniser, SimpleNamespace()
    steps = quality(told, smaller, beam=5)
    assert len(steps) == 5
    list(steps.set_level(2))
    assert (told.rate_hz, told.transcriber.beam) == (12.5 / 4, 5)
    list(steps.set_level(3))
    assert (told.hop_s, told.transcriber.beam) == (2.0, 5)
    list(steps.set_level(4))
    assert (told.transcriber.beam, told.transcriber.recogniser) == (1, first)
    list(steps.set_level(5))
    assert told.transcriber.recogniser is smaller
    assert steps.level == 5
    assert steps.lowered[0] == "faces analysed 3.12 times a second"
    assert [what.split()[0] for what in steps.lowered] == ["faces", "words", "speech", "a"]


def test_the_way_back_undoes_every_step_and_says_so() -> None:
    told = Told()
    first = told.transcriber.recogniser
    steps = quality(told, SimpleNamespace(), beam=5)
    down = list(steps.set_level(5))
    up = list(steps.set_level(0))
    assert (told.rate_hz, told.hop_s, told.transcriber.beam, told.transcriber.recogniser) == (
        12.5,
        1.0,
        5,
        first,
    )
    assert steps.lowered == ()
    assert all(line.startswith("quality lowered") for line in down)
    assert all(line.startswith("quality restored") for line in up)
    assert len(down) == len(up) == 5


def test_what_would_change_nothing_is_no_step() -> None:
    assert len(quality(Told())) == 3  # greedy already, no smaller model
    assert len(quality(Told(), hop_s=4.0)) == 2  # and no room for a longer hop


@pytest.mark.models
def test_a_live_session_with_a_large_model_has_a_small_one_to_fall_back_on(model_store: ModelStore) -> None:
    for name in ("whisper-base", "whisper-tiny.en"):
        model_store.path(name)
    accurate = load_config(profile="accurate")
    assert load_stages(accurate, model_store).smaller_recogniser is None
    assert load_stages(Config(), model_store, live=True).smaller_recogniser is None
    stages = load_stages(accurate, model_store, live=True)
    assert stages.smaller_recogniser is not None
    steps = Degradation(degradation_steps(accurate.perception, stages, stages.smaller_recogniser))
    large = stages.transcriber.recogniser
    list(steps.set_level(len(steps)))
    assert stages.transcriber.recogniser is stages.smaller_recogniser
    list(steps.set_level(0))
    assert stages.transcriber.recogniser is large
