import json

import numpy as np
import pytest

from live_sentiment.core.errors import UsageError
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.predictions import Predictions


def predictions(count: int = 60) -> Predictions:
    random = np.random.default_rng(0)
    emotions = np.eye(7, dtype=np.float32)[random.integers(7, size=count)]
    polarity = np.eye(3, dtype=np.float32)[random.integers(3, size=count)]
    polarity[0] = np.nan
    polarity[1] = [0.5, 0.5, 0]
    score = random.uniform(-3, 3, count).astype(np.float32)
    return Predictions(
        tuple(map(str, range(count))),
        emotion_probabilities=(0.5 * emotions + 0.5 / 7).astype(np.float32),
        polarity_probabilities=random.dirichlet(np.ones(3), count).astype(np.float32),
        valence_arousal=np.stack([score / 3, -score / 3], axis=1),
        score=score,
        emotion_labels=emotions,
        polarity_labels=polarity,
        valence_arousal_labels=np.stack([score / 3, np.full_like(score, np.nan)], axis=1),
        score_labels=score,
        groups=tuple(f"speaker {number % 6}" for number in range(count)),
    )


def test_every_task_with_labels_is_measured() -> None:
    found = {one.task: one for one in measure(predictions(), resamples=20)}
    assert set(found) == {"emotions", "polarity", "valence", "score"}
    assert found["emotions"].estimates["accuracy"].value == 1
    assert found["emotions"].clusters == 6
    assert found["valence"].estimates["ccc"].value == pytest.approx(1)
    assert found["score"].estimates["acc7"].value == 1


def test_samples_without_one_leading_label_are_left_out_and_counted() -> None:
    polarity = measure(predictions(), resamples=0)[1]
    assert (polarity.samples, polarity.left_out) == (58, 2)
    assert sum(map(sum, polarity.confusion)) == 58


def test_figures_are_json_without_nan() -> None:
    told = [one.as_dict() for one in measure(predictions(), resamples=0)]
    assert "NaN" not in json.dumps(told, allow_nan=False)
    assert told[0]["estimates"]["accuracy"] == {"value": 1.0, "low": None, "high": None}


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(UsageError, match="no sample has a label"):
        measure(Predictions(("a",), score=np.zeros(1, np.float32)))
