"""What is drawn anew at every step so that the model does not rely on too little."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.types import MODALITIES
from live_sentiment.training.experiments.batch import ExperimentBatch, Mixing


def keep_modalities(batch: ExperimentBatch, dropout: float) -> Tensor | None:
    """Modality dropout: shape (B, 3), bool, in the order of MODALITIES; None where nothing is left out.

    Each modality of a sample is left out with this probability; where that would leave nothing, one that is
    there stays, drawn at random.
    """
    if dropout == 0:
        return None
    device = batch.targets.score.device
    there = torch.zeros(batch.size, len(MODALITIES), dtype=torch.bool)
    for index, name in enumerate(MODALITIES):
        if name in batch.given:
            there[batch.given[name].rows.cpu(), index] = True
    # Drawn on the CPU: the same on every device.
    chance = torch.rand(batch.size, len(MODALITIES))
    keep = (chance >= dropout) & there
    last = torch.rand(batch.size, len(MODALITIES)).masked_fill(~there, -1.0).argmax(dim=1)
    lonely = ~keep.any(dim=1)
    keep[lonely, last[lonely]] = True
    return keep.to(device)


def draw_mixing(batch: ExperimentBatch, alpha: float) -> Mixing | None:
    """mixup with λ of Beta(α, α), one for the batch; None where α is 0."""
    if alpha == 0:
        return None
    share = float(np.random.beta(alpha, alpha))
    return Mixing(share, torch.randperm(batch.size).to(batch.targets.score.device))
