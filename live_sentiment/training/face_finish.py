"""From trained weights to shipped ones: the class prior, the temperature, and the figures of the card."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from live_sentiment.perception.face.align import CROP_PX
from live_sentiment.perception.face.expression import Expression, ExpressionNet
from live_sentiment.training import metrics
from live_sentiment.training.face import Faces, draw_weights, scores, validation_score
from live_sentiment.training.face_data import VOTES, FacePictures
from live_sentiment.training.face_hardships import CONDITIONS
from live_sentiment.types import EMOTIONS, FloatArray

PRIOR_EXPONENTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Class priors tried on validation: frequency in the training pictures to this power, 0 being all alike."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns scores into probabilities that hold under a stated class distribution."""

    prior: FloatArray
    """Shape (7,), that distribution."""
    exponent: float
    """Of PRIOR_EXPONENTS, the one validation chose."""
    shift: FloatArray
    """Shape (7,), added to the scores: log of the prior over the class distribution of the training."""
    temperature: float


def calibrate(train: Faces, valid: Faces, valid_scores: FloatArray, balance: float) -> Calibration:
    """Choose the prior and fit the temperature on validation scores (N, 7).

    Training under one class distribution and predicting under another is a shift of the scores by the log of
    their ratio (Saerens et al. 2002). The exponent with the best mean of accuracy and mean recall is taken.
    The temperature is fitted to the annotators' distributions, with every picture weighted as if the classes
    came as the prior says: under it, and under no other, the probabilities then hold.
    """
    frequency = train.soft_labels.mean(dim=0).numpy()
    drawn = draw_weights(train.soft_labels, balance)
    trained_under = ((drawn / drawn.sum()) @ train.soft_labels).numpy()
    labels = valid.labels.numpy()

    def prior_of(exponent: float) -> FloatArray:
        powered = frequency**exponent
        return np.asarray(powered / powered.sum(), np.float32)

    def quality(exponent: float) -> float:
        guess = (valid_scores + np.log(prior_of(exponent) / trained_under)).argmax(axis=1)
        return validation_score(metrics.confusion_matrix(labels, guess, len(EMOTIONS)))

    exponent = max(PRIOR_EXPONENTS, key=quality)
    prior = prior_of(exponent)
    shift = np.asarray(np.log(prior / trained_under), np.float32)
    soft = valid.soft_labels.numpy()
    weights = soft @ (prior / soft.mean(axis=0))
    temperature = metrics.fit_temperature(valid_scores + shift, soft, weights)
    return Calibration(prior, exponent, shift, temperature)


def shipped_tensors(net: ExpressionNet, calibration: Calibration) -> dict[str, torch.Tensor]:
    """The network's state with the shift of the prior in its last bias."""
    tensors = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    tensors["head.bias"] += torch.from_numpy(calibration.shift)
    return tensors


def figures(net: ExpressionNet, pictures: FacePictures, faces: Faces, temperature: float) -> dict[str, Any]:
    """Every figure the card states of one split: `faces` are all its pictures, also those of other classes.

    - "clear": faces with an emotion that more than half of the votes name; the one to compare by.
    - "clear_plain": the same faces in the framing they come in, without alignment.
    - "all": faces on which an emotion leads, however narrowly.
    - "eight_classes": accuracy when contempt, which the network does not know, counts as a class it misses.
    """
    aligned, plain = scores(net, faces.crops()), scores(net, faces.crops(aligned=False))
    labels, clear, usable = pictures.labels, pictures.clear, pictures.usable

    def report(values: FloatArray, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        return metrics.report(values[chosen], labels[chosen], EMOTIONS, temperature).as_dict()

    contempt = pictures.leading == VOTES.index("contempt")
    eight = usable | contempt
    guess = aligned.argmax(axis=1)
    known = metrics.recalls(metrics.confusion_matrix(labels[usable], guess[usable], len(EMOTIONS)))
    return {
        "clear": report(aligned, clear),
        "clear_plain": report(plain, clear),
        "all": report(aligned, usable),
        "eight_classes": {
            "samples": int(eight.sum()),
            "accuracy": round(float((guess == labels)[usable].sum() / eight.sum()), 4),
            # Contempt is never found: its recall is 0.
            "mean_recall": round(float(known.sum() / (len(known) + 1)), 4),
        },
    }


def hardships(net: ExpressionNet, faces: Faces, *, bfloat16: bool) -> dict[str, dict[str, float]]:
    """Accuracy and mean recall under each of CONDITIONS."""
    found = {}
    for name, condition in CONDITIONS.items():
        guess = scores(net, condition(faces), bfloat16=bfloat16).argmax(axis=1)
        confusion = metrics.confusion_matrix(faces.labels.numpy(), guess, len(EMOTIONS))
        found[name] = {
            "accuracy": round(metrics.accuracy(confusion), 4),
            "mean_recall": round(metrics.mean_recall(confusion), 4),
        }
    return found


def measure_face(expression: Expression, repeats: int = 200) -> Mapping[str, float]:
    """Milliseconds for one face through the network alone, a batch of one, in float32: p50 and p95.

    It measures as many threads as torch is set to use: set one for the figure of one core.
    """
    crop = np.random.default_rng(0).integers(0, 256, (CROP_PX, CROP_PX)).astype(np.uint8)
    times_ms = []
    for _ in range(repeats + 10):
        start = time.perf_counter()
        expression([crop])
        times_ms.append((time.perf_counter() - start) * 1000)
    p50, p95 = np.percentile(times_ms[10:], [50, 95])
    return {"p50_ms": float(p50), "p95_ms": float(p95), "threads": float(torch.get_num_threads())}
