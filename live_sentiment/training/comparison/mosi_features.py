"""CMU-MOSI, ACL 2017 split: every fuser on the same utterance features, several seeds, nothing chosen.

The text and video features were evidently fitted on the labels of the training part (a regression on them is
right 98 and 93 times in a hundred there), so a validation set carved from it would say nothing. All settings
were therefore decided once, by reasoning, and written here before any fuser was run on the test part:

- width 64 and dropout 0.5: 1447 samples, 273 features, and labels that have leaked into 200 of them; a wide
  model would only learn to trust these more;
- 10 epochs of batches of 64 (230 steps) with AdamW at 0.001 and a cosine, weight decay 0.01, label smoothing
  0.1: the training loss falls within a few passes, and what comes after is confidence in the leak;
- no modality dropout: every sample has all modalities, in training and in the test;
- features scaled to mean 0 and deviation 1 of the training part, for they come in units from 10⁻² to 10²;
- one linear head on the core, no hidden layers; for every core the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES, POLARITIES, FloatArray, Modality
from live_sentiment.fusion.batch import FusionBatch, ModalitySequence
from live_sentiment.fusion.cores import CORES
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.training.comparison.cells import Cells, Figures
from live_sentiment.training.comparison.fixed_fit import (
    FixedRecipe,
    Scaling,
    feature_batch,
    fit_fixed,
    stand_ins,
)
from live_sentiment.training.data.samples import Corpus, Sample
from live_sentiment.training.evaluation import metrics

RECIPE = FixedRecipe()
ARCHITECTURE = LearntConfig(
    width=64, dropout=0.5, use_opinions=False, hidden=(), heads=("polarity",), attention_heads=4
)
REGRESSION_C = 1.0
"""Inverse strength of the regressions' L2 penalty: scikit-learn's default."""
STRONGER_C = 0.01
"""A second strength of the regression on all: the one nearest to the reference of 76.9 %, whose own is not
known."""
FLOOR = 1e-4

Binary = NDArray[np.int64]


class MosiFeatures:
    """The two parts of the corpus, ready for every model of the table.

    Raises:
        UsageError: a part is missing, or its samples lack a modality.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.train, self.test = corpus.of("train").samples, corpus.of("test").samples
        if not self.train or not self.test:
            raise UsageError(f"{corpus.name} needs training and test samples")
        missing = [name for name in MODALITIES if any(name not in one.features for one in corpus.samples)]
        if missing:
            raise UsageError(f"samples of {corpus.name} lack features of {', '.join(missing)}")
        self._scaling = Scaling.of(self.train)
        self._batches = {
            "train": feature_batch(self.train, self._scaling),
            "test": feature_batch(self.test, self._scaling),
        }

    def majority(self) -> Figures:
        """Always the class that the test part has more of; training has more of the other one."""
        true = _positive(self.test)
        return _figures(np.full(len(true), round(float(true.mean()))), true)

    def regression(self, modalities: Sequence[Modality], strength: float = REGRESSION_C) -> Figures:
        """Logistic regression on the features of some modalities, side by side."""
        known, asked = self._odds(modalities, strength)
        on_train = ((known > 0) == _positive(self.train)).mean()
        return _figures(asked > 0, _positive(self.test)) | {"train_accuracy": float(on_train)}

    def product(self) -> Figures:
        """Late fusion: a regression on each modality, multiplied by the product of experts, all weights 1.

        Its weights would be fitted on validation data, which there are none of.
        """
        fuser = ProductOfExperts(stand_ins(dict.fromkeys(MODALITIES, 1))).eval()
        sequences = {
            name: _opinion(self._batches["test"].sequences[name], self._odds([name])[1])
            for name in MODALITIES
        }
        with torch.inference_mode():
            logits = fuser(FusionBatch(sequences)).polarity_logits - fuser.log_polarity_prior
        return _figures(_leans_positive(logits.numpy()), _positive(self.test))

    def fuser(self, core: str, modalities: Sequence[Modality], seed: int) -> Figures:
        """A learnt fuser with one core."""
        config = ARCHITECTURE.model_copy(update={"core": core, "modalities": tuple(modalities)})
        polarity = torch.from_numpy(np.stack([_polarity(sample) for sample in self.train]))
        fuser = fit_fixed(self._batches["train"], polarity, config, RECIPE, seed)
        with torch.inference_mode():
            said = {part: fuser(batch).polarity_logits.numpy() for part, batch in self._batches.items()}
        found = _figures(_leans_positive(said["test"]), _positive(self.test))
        on_train = (_leans_positive(said["train"]) == _positive(self.train)).mean()
        return found | {"train_accuracy": float(on_train)}

    def _odds(
        self, modalities: Sequence[Modality], strength: float = REGRESSION_C
    ) -> tuple[FloatArray, FloatArray]:
        """Log-odds of positive, of training and test samples, by a logistic regression."""
        from sklearn.linear_model import LogisticRegression

        def side_by_side(samples: Sequence[Sample]) -> FloatArray:
            return np.stack(
                [
                    np.concatenate(
                        [self._scaling(one.features[name], name).mean(axis=0) for name in modalities]
                    )
                    for one in samples
                ]
            )

        model = LogisticRegression(C=strength, max_iter=5000)
        known = side_by_side(self.train)
        model.fit(known, _positive(self.train))
        return model.decision_function(known), model.decision_function(side_by_side(self.test))


def measure_mosi_features(
    corpus: Corpus,
    cells: Cells,
    seeds: Sequence[int],
    code: str,
    done: Callable[[str], None] = lambda name: None,
) -> dict[str, list[Figures]]:
    """Every row of the table by name, with the figures of each seed; those without chance have one.

    `code` is a hash of what computes them, and `done` is told of each cell.
    """
    data = MosiFeatures(corpus)
    settings: dict[str, Any] = {
        "code": code,
        "data": fingerprint(corpus),
        "recipe": asdict(RECIPE),
        "architecture": ARCHITECTURE.model_dump(),
    }
    rows: dict[str, list[Figures]] = {}

    def cell(row: str, make: Callable[[], Figures], seed: int | None = None) -> None:
        key = settings | {"row": row, "seed": seed}
        rows.setdefault(row, []).append(cells.get(f"mosi acl17 {row} {seed}", key, make))
        done(f"MOSI features, {row}")

    cell("majority class", data.majority)
    for name in MODALITIES:
        cell(f"logistic regression, {name}", lambda name=name: data.regression([name]))  # type: ignore[misc]
    for strength in (REGRESSION_C, STRONGER_C):
        cell(
            f"logistic regression, all, C = {strength:g}",
            lambda strength=strength: data.regression(MODALITIES, strength),  # type: ignore[misc]
        )
    for name in MODALITIES:
        for seed in seeds:
            cell(f"{name} alone", lambda name=name, seed=seed: data.fuser("mean", [name], seed), seed)  # type: ignore[misc]
    cell("product of experts", data.product)
    for core in CORES:
        for seed in seeds:
            cell(core, lambda core=core, seed=seed: data.fuser(core, MODALITIES, seed), seed)  # type: ignore[misc]
    return rows


def count_cells(seeds: Sequence[int]) -> int:
    """How many cells `measure_mosi_features` has."""
    return 4 + len(MODALITIES) + (len(MODALITIES) + len(CORES)) * len(seeds)


def _figures(positive: NDArray[np.bool_] | Binary, true: Binary) -> Figures:
    confusion = metrics.confusion_matrix(true, np.asarray(positive, np.int64), 2)
    return {"accuracy": metrics.accuracy(confusion), "weighted_f1": metrics.weighted_f1(confusion)}


def _positive(samples: Sequence[Sample]) -> Binary:
    """Shape (N,): 1 where a sample is positive, 0 where it is negative."""
    labels = np.stack([_polarity(sample) for sample in samples])
    positive: Binary = (labels[:, POLARITIES.index("positive")] > 0.5).astype(np.int64)
    return positive


def _polarity(sample: Sample) -> FloatArray:
    if sample.polarity is None:
        raise UsageError(f"the sample {sample.key} has no label")
    return sample.polarity


def _leans_positive(logits: FloatArray) -> NDArray[np.bool_]:
    """Shape (N,): whether positive is more probable than negative; there is no neutral here."""
    leans: NDArray[np.bool_] = (
        logits[:, POLARITIES.index("positive")] > logits[:, POLARITIES.index("negative")]
    )
    return leans


def _opinion(sequence: ModalitySequence, odds: FloatArray) -> ModalitySequence:
    """A modality whose expert has these log-odds of positive, shape (N,)."""
    positive = 1 / (1 + np.exp(-odds))
    probabilities = np.full((len(odds), len(POLARITIES)), FLOOR)
    probabilities[:, POLARITIES.index("positive")] = positive.clip(FLOOR)
    probabilities[:, POLARITIES.index("negative")] = (1 - positive).clip(FLOOR)
    log = torch.from_numpy(np.log(probabilities / probabilities.sum(axis=1, keepdims=True))).float()
    return ModalitySequence(
        torch.zeros(len(odds), 1, 1),
        sequence.emotions[:, :1],
        log[:, None],
        torch.zeros(len(odds), 1),
        torch.ones(len(odds), 1),
        torch.ones(len(odds), 1, dtype=torch.bool),
    )


def fingerprint(corpus: Corpus) -> str:
    """Hash of the features, labels and splits."""
    digest = hashlib.sha256()
    for sample in corpus.samples:
        digest.update(f"{sample.key} {sample.split}".encode())
        for name in MODALITIES:
            if name in sample.features:
                digest.update(np.ascontiguousarray(sample.features[name]).tobytes())
        digest.update(_polarity(sample).tobytes())
    return digest.hexdigest()
