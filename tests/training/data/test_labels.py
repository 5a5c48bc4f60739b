"""The one scheme of labels."""

from __future__ import annotations

import numpy as np
import pytest

from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.data import labels
from live_sentiment.training.data.pairing import POLARITY_OF_EMOTION as AS_PAIRED


def named(distribution, names):
    return {names[index]: pytest.approx(float(part)) for index, part in enumerate(distribution) if part}


@pytest.mark.parametrize(
    ("name", "meant"),
    [("calm", "neutral"), ("happiness", "joy"), ("fearful", "fear"), ("surprised", "surprise")],
)
def test_names_of_the_corpora_stand_for_one_of_seven(name, meant):
    assert named(labels.emotion(name), EMOTIONS) == {meant: 1}


def test_votes_are_shared_among_what_has_a_place():
    assert named(labels.emotions({"happy": 6, "sad": 2, "contempt": 2}), EMOTIONS) == {
        "joy": 0.75,
        "sadness": 0.25,
    }
    assert labels.emotions({"contempt": 3, "boredom": 1}) is None
    assert labels.emotion("boredom") is None


def test_polarity_is_named_or_the_sign_of_a_score():
    assert named(labels.polarity("negative"), POLARITIES) == {"negative": 1}
    assert labels.polarity("mixed") is None
    signs = [named(labels.polarity_of_score(score), POLARITIES) for score in (-0.2, 0.0, 3.0)]
    assert signs == [{"negative": 1}, {"neutral": 1}, {"positive": 1}]


def test_polarity_follows_from_emotions_where_they_say_it():
    fear_and_joy = labels.emotions({"fear": 3, "joy": 1})
    assert named(labels.polarity_of_emotions(fear_and_joy), POLARITIES) == {
        "negative": 0.75,
        "positive": 0.25,
    }
    assert labels.polarity_of_emotions(labels.emotion("surprise")) is None
    assert labels.polarity_of_emotions(labels.emotion("sadness", "joy")) is None


def test_pairs_and_corpora_go_by_the_same_polarity():
    np.testing.assert_allclose(labels.POLARITY_OF_EMOTION, AS_PAIRED.numpy())


def test_hard_labels_leave_out_what_is_shared():
    given = [
        labels.emotion("joy"),
        None,
        labels.emotion("joy", "fear"),
        labels.emotions({"joy": 1, "fear": 2}),
    ]
    assert labels.hard(given).tolist() == [EMOTIONS.index("joy"), -1, -1, EMOTIONS.index("fear")]
