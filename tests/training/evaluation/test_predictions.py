import numpy as np
import pytest

from live_sentiment.training.data.samples import Sample
from live_sentiment.training.evaluation.predictions import Predictions


def sample(key: str, **labels: object) -> Sample:
    return Sample(key, speaker=f"speaker {key}", **labels)  # type: ignore[arg-type]


def test_labels_and_speakers_come_from_the_samples() -> None:
    joy = np.eye(7, dtype=np.float32)[1]
    found = Predictions.of(
        [sample("a", emotions=joy, score=1.5), sample("b", score=-2.0)],
        emotion_probabilities=np.full((2, 7), 1 / 7),
        score=[1, -1],
    )
    assert found.keys == ("a", "b")
    assert found.groups == ("speaker a", "speaker b")
    assert found.emotion_labels is not None
    assert found.emotion_labels[0].tolist() == joy.tolist()
    assert np.isnan(found.emotion_labels[1]).all()
    assert found.score_labels is not None
    assert found.score_labels.tolist() == [1.5, -2.0]
    assert found.polarity_labels is None


def test_a_sample_without_speaker_leaves_no_groups() -> None:
    assert Predictions.of([Sample("a"), sample("b")]).groups is None


def test_rows_are_taken_of_everything_there_is() -> None:
    all_of_them = Predictions.of([sample(key, score=float(key)) for key in "012"], score=[5, 6, 7])
    some = all_of_them.take(np.array([2, 2, 0]))
    assert some.keys == ("2", "2", "0")
    assert some.groups == ("speaker 2", "speaker 2", "speaker 0")
    assert some.score is not None
    assert some.score.tolist() == [7, 7, 5]
    assert all_of_them.take(np.array([False, True, False])).keys == ("1",)


def test_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="emotion_probabilities"):
        Predictions(("a", "b"), emotion_probabilities=np.zeros((2, 6), np.float32))
    with pytest.raises(ValueError, match="groups"):
        Predictions(("a", "b"), groups=("x",))
