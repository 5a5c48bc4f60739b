"""The shipped fuser on what the experts said of samples, and on windows that are ready to be fused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, FloatArray, Modality, Window
from live_sentiment.fusion.batch import FusionBatch
from live_sentiment.fusion.fuser import Fuser, FusionOutput
from live_sentiment.training.data.fusion_windows import Windows, select
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.evaluation.shipped import PERSON, Observations

ROWS = 1024
"""Windows fused at a time."""
WINDOW_S = 4.0
"""Length of a session's window by default: what is older than this in a sample has passed out of it."""


def keeping(modalities: Sequence[Modality]) -> Tensor:
    """Shape (1, 3), bool, in the order of MODALITIES: which are left."""
    return torch.tensor([[name in modalities for name in MODALITIES]])


@torch.inference_mode()
def fuse_samples(
    samples: Sequence[Sample],
    said: Mapping[Modality, Mapping[str, Observations]],
    fuser: Fuser,
    modalities: Sequence[Modality],
) -> Predictions:
    """What the fuser says of each sample as one window, from these modalities only."""
    keep = keeping(modalities)
    outputs = []
    for sample in samples:
        observations = {
            name: tuple(one for one in by_key.get(sample.key, ()) if one.time_s > -WINDOW_S)
            for name, by_key in said.items()
        }
        window = Window(0, -WINDOW_S, 0.0, observations, (), 1.0, {}, True)
        batch = FusionBatch.from_window(window, PERSON, fuser.embedding_dims)
        outputs.append(fuser(batch.keeping(keep)))
    emotions, polarity = _probabilities(outputs)
    return Predictions.of(samples, emotion_probabilities=emotions, polarity_probabilities=polarity)


@torch.inference_mode()
def fuse_windows(windows: Windows, fuser: Fuser, modalities: Sequence[Modality] = MODALITIES) -> Predictions:
    """What the fuser says of labelled windows, beside what is known of them.

    A polarity that is a matter of chance, that of surprise in synthetic pairs, is not measured by.
    """
    batch, keep = windows.batch, keeping(modalities)
    outputs = [
        fuser(select(batch, rows).keeping(keep)) for rows in torch.split(torch.arange(len(batch)), ROWS)
    ]
    emotions, polarity = _probabilities(outputs)
    return Predictions(
        tuple(map(str, range(len(batch)))),
        emotion_probabilities=emotions,
        polarity_probabilities=polarity,
        emotion_labels=_labels(windows.emotions, len(EMOTIONS)),
        polarity_labels=_labels(windows.polarity.masked_fill(windows.by_chance, -1), len(POLARITIES)),
    )


def _labels(classes: Tensor, count: int) -> FloatArray:
    """Shape (N, count), one-hot; NaN where the class number is -1."""
    table: FloatArray = np.eye(count, dtype=np.float32)[classes.numpy()]
    table[classes.numpy() < 0] = np.nan
    return table


def _probabilities(outputs: Sequence[FusionOutput]) -> tuple[FloatArray, FloatArray]:
    emotions = torch.cat([one.emotion_logits for one in outputs]).softmax(dim=1)
    polarity = torch.cat([one.polarity_logits for one in outputs]).softmax(dim=1)
    return emotions.numpy(), polarity.numpy()
