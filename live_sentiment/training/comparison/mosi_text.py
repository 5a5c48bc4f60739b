"""CMU-MOSI, standard split, words alone: a ridge regression of the score on what the text expert reads.

Only the regression is trained here. Which features it is given and how strong its penalty is, the validation
split decides; the test split is read once. The transcripts of the corpus are used, not recognised ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import FloatArray
from live_sentiment.fusion.batch import log_probabilities
from live_sentiment.models import compute
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.text_reader import load_reader
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.data.samples import Corpus, Sample, Split
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.numbers import SCORE_LIMIT, mean_absolute_error
from live_sentiment.training.evaluation.predictions import Predictions

PENALTIES = (1.0, 10.0, 100.0, 1000.0, 10000.0)
FEATURES = ("embedding", "embedding and opinion", "opinion")
"""What the regression may be given: the expert's embedding, its log-probabilities of emotions and polarity,
or both."""


@dataclass(frozen=True, slots=True)
class Published:
    """A trimodal model as its authors or its comparison report it, on the same split."""

    name: str
    acc2_nonzero: float
    mae: float
    corr: float


PUBLISHED = (
    Published("TFN (Zadeh et al. 2017), three modalities", 0.7908, 0.947, 0.673),
    Published("MulT (Tsai et al. 2019), three modalities", 0.8098, 0.880, 0.702),
    Published("MISA (Hazarika et al. 2020), three modalities", 0.8354, 0.777, 0.778),
    Published("Self-MM (Yu et al. 2021), three modalities", 0.8546, 0.708, 0.796),
)


@dataclass(frozen=True, slots=True)
class Read:
    """One split as the expert reads it."""

    samples: Sequence[Sample]
    features: Mapping[str, FloatArray]
    """Shape (N, dim) for each of FEATURES."""
    scores: FloatArray
    """Shape (N,)."""


def measure_mosi_text(
    corpus: Corpus, config: Config, store: ModelStore, told: Callable[[int, int], None]
) -> Figures:
    """Choose on validation, and measure once on test.

    `told` is told of the texts read so far, and of all.

    Raises:
        UsageError: a split is missing, or the configuration names no such expert.
    """
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    splits = _read(corpus, config, store, told)
    train, validation, test = splits["train"], splits["validation"], splits["test"]

    def fitted(features: str, penalty: float) -> Any:
        return make_pipeline(StandardScaler(), Ridge(penalty)).fit(train.features[features], train.scores)

    def error(features: str, penalty: float) -> float:
        said = _limited(fitted(features, penalty).predict(validation.features[features]))
        return mean_absolute_error(said, validation.scores)

    errors = {(features, penalty): error(features, penalty) for features in FEATURES for penalty in PENALTIES}
    features, penalty = min(errors, key=lambda one: errors[one])
    said = _limited(fitted(features, penalty).predict(test.features[features]))
    (found,) = measure(Predictions.of(test.samples, score=said))
    return {
        "features": features,
        "penalty": penalty,
        "validation_mae": errors[features, penalty],
        "samples": {name: len(one.samples) for name, one in splits.items()},
        "test": {name: asdict(one) for name, one in found.estimates.items()},
    }


def _read(
    corpus: Corpus, config: Config, store: ModelStore, told: Callable[[int, int], None]
) -> dict[Split, Read]:
    named = config.perception.text
    device = compute.apply(config.compute)
    reader = load_reader(named, store.resolve(named.encoder), store, device, offline=store.offline)
    splits: dict[Split, Read] = {}
    done = 0
    names: tuple[Split, ...] = ("train", "validation", "test")
    for split in names:
        samples = [one for one in corpus.of(split).samples if one.text and one.score is not None]
        if not samples:
            raise UsageError(f"{corpus.name} has no {split} split with texts and scores")
        embeddings, opinions = [], []
        for sample in samples:
            embedding, emotions, polarity = reader(sample.text or "")
            embeddings.append(embedding)
            opinions.append(np.concatenate([log_probabilities(emotions), log_probabilities(polarity)]))
            done += 1
            told(done, len(corpus.samples))
        parts = {"embedding": np.stack(embeddings), "opinion": np.stack(opinions)}
        parts["embedding and opinion"] = np.concatenate([parts["embedding"], parts["opinion"]], axis=1)
        splits[split] = Read(samples, parts, np.array([one.score for one in samples], np.float32))
    return splits


def _limited(scores: FloatArray) -> FloatArray:
    limited: FloatArray = np.clip(scores, -SCORE_LIMIT, SCORE_LIMIT)
    return limited
