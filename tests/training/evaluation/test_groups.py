"""Figures of every group, and the page's table of them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS
from live_sentiment.training.comparison.paper_experts import groups_section
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.evaluation.groups import by_group, collection
from live_sentiment.training.evaluation.predictions import Predictions

JOY = EMOTIONS.index("joy")


def people() -> list[Sample]:
    """Women who are read right and men who are not, half of them in a group of their own."""
    joy = np.eye(len(EMOTIONS), dtype=np.float32)[JOY]
    kinds = [("women", "a"), ("men", "a"), ("women", "b"), ("men", "b")]
    return [
        Sample(key=str(number), speaker=str(number), emotions=joy, groups={"sex": sex, "age": age})
        for number, (sex, age) in enumerate(kinds)
    ]


def said(samples: list[Sample]) -> Predictions:
    right = np.array([0 if "men" in one.groups.values() else JOY for one in samples])
    return Predictions.of(samples, emotion_probabilities=np.eye(len(EMOTIONS))[right])


def test_every_group_is_measured_by_itself() -> None:
    samples = people()
    found = {(one.kind, one.name): one for one in by_group(said(samples), samples)}
    assert list(found) == [("age", "a"), ("age", "b"), ("sex", "men"), ("sex", "women")]
    accuracy = {name: one.estimates["accuracy"].value for (_, name), one in found.items()}
    assert accuracy == {"a": 0.5, "b": 0.5, "men": 0.0, "women": 1.0}
    assert found["sex", "women"].samples == 2


def test_samples_that_nothing_was_said_of_are_in_no_group() -> None:
    samples = people()
    assert {one.samples for one in by_group(said(samples[:2]), samples)} == {1, 2}


def test_corpora_come_first_and_name_the_groups_that_are_theirs() -> None:
    samples = collection("faces", people())
    groups = by_group(said(people()), samples)
    assert [f"{one.kind}: {one.name}" for one in groups][:2] == ["collection: faces", "faces: age: a"]
    assert groups[0].estimates["uar"].value == pytest.approx(0.5)
    page = groups_section(json.loads(json.dumps([one.as_dict() for one in groups])))
    assert "| collection: faces | 4 | 50.0 [" in page
    assert "| faces: sex: women | 2 | 100.0" in page
