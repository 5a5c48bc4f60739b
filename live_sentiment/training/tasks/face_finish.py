"""From trained weights to shipped ones, and the figures of the card."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from torch import nn

from live_sentiment.core.types import EMOTIONS, FloatArray
from live_sentiment.models.face_expression import Expression, ExpressionNet, Weighed
from live_sentiment.perception.face.align import CROP_PX
from live_sentiment.training.data.face_data import VOTES, FacePictures
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.evaluation.face_hardships import CONDITIONS
from live_sentiment.training.tasks.face import BATCH_AT_TEST, Faces, scores
from live_sentiment.training.tasks.face_calibration import Calibration, SecondSays


def round_to_half(net: nn.Module) -> None:
    """Round the weights to the 16 bits in which they ship, so that every figure is of what ships."""
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.copy_(parameter.half())


@torch.inference_mode()
def second_says(weighed: Weighed, crops: torch.Tensor, *, bfloat16: bool = False) -> SecondSays | None:
    """The second network's part in the reading of crops (N, 1, 48, 48), if there is one."""
    if not weighed.second or not weighed.familiarity:
        return None
    parts = torch.split(crops, BATCH_AT_TEST)
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        said = torch.cat([weighed.pooling.opinion(weighed.second, part) for part in parts]).float()
        found = torch.cat([weighed.net.embed(part) for part in parts]).float()
    return SecondSays(said.numpy(), weighed.familiarity(found).numpy(), weighed.pooling)


def set_calibration(net: ExpressionNet, calibration: Calibration) -> None:
    """Put scale and offset into the last layer: its softmax then is calibrated."""
    with torch.no_grad():
        net.head.weight.div_(calibration.scale)
        net.head.weight.copy_(net.head.weight.half())
        net.head.bias.div_(calibration.scale).add_(torch.from_numpy(calibration.offset))


def figures(
    net: nn.Module, pictures: FacePictures, faces: Faces, calibration: Calibration, *, bfloat16: bool = False
) -> dict[str, Any]:
    """Every figure the card states of one split: `faces` are all its pictures, also those of other classes.

    - "clear": faces with an emotion that more than half of the votes name; the one to compare by.
    - "clear_plain": the same faces in the framing they come in, without alignment.
    - "all": faces on which an emotion leads, however narrowly.
    - "majority": faces with a majority as FERPlus's authors count it, strayed votes left out.
    - "majority_eight", "eight_classes": "majority" and "all" when contempt, which the network does not know,
      counts as a class it misses.

    Calibration errors are given of the probabilities as shipped, and under the balance of the clear
    validation faces ("calibration_error_rebalanced"), to which the ratio of the priors converts them.
    """
    aligned, plain = (
        scores(net, faces.crops(aligned=aligned), bfloat16=bfloat16) for aligned in (True, False)
    )
    labels, clear, usable = pictures.labels, pictures.clear, pictures.usable

    majority = pictures.majority
    contempt = pictures.leading == VOTES.index("contempt")
    back = calibration.temperature * np.log(calibration.balance / calibration.prior)

    def report(values: FloatArray, chosen: NDArray[np.bool_]) -> dict[str, Any]:
        found = metrics.report(values[chosen], labels[chosen], EMOTIONS, calibration.temperature).as_dict()
        rebalanced = softmax((values[chosen] + back) / calibration.temperature, axis=1)
        error = metrics.expected_calibration_error(rebalanced, labels[chosen])
        return found | {"calibration_error_rebalanced": round(error, 4)}

    def eight(chosen: NDArray[np.bool_]) -> dict[str, Any]:
        known = chosen & usable
        confusion = metrics.confusion_matrix(labels[known], aligned[known].argmax(axis=1), len(EMOTIONS))
        samples = int(known.sum() + (chosen & contempt).sum())
        return {
            "samples": samples,
            "accuracy": round(float(np.trace(confusion)) / max(samples, 1), 4),
            # Contempt is never found: its recall is 0.
            "mean_recall": round(float(np.nansum(metrics.recalls(confusion)) / (len(EMOTIONS) + 1)), 4),
        }

    return {
        "clear": report(aligned, clear),
        "clear_plain": report(plain, clear),
        "all": report(aligned, usable),
        "majority": report(aligned, majority & usable),
        "majority_eight": eight(majority),
        "eight_classes": eight(usable | contempt),
    }


def hardships(net: nn.Module, faces: Faces, *, bfloat16: bool) -> dict[str, dict[str, float]]:
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

    Processor time, which other programs disturb less than the clock's, summed over the threads that torch
    is set to use: set one for the figure of one core.
    """
    crop = np.random.default_rng(0).integers(0, 256, (CROP_PX, CROP_PX)).astype(np.uint8)
    times_ms = []
    for _ in range(repeats + 10):
        start = time.process_time()
        expression([crop])
        times_ms.append((time.process_time() - start) * 1000)
    p50, p95 = np.percentile(times_ms[10:], [50, 95])
    return {"p50_ms": float(p50), "p95_ms": float(p95), "threads": float(torch.get_num_threads())}
