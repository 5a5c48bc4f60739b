"""Expert files as an experiment writes them, of networks that learnt nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.types import EMOTIONS, POLARITIES, Modality
from live_sentiment.models.encoders.expert import Calibration, ExpertHead, save_expert
from live_sentiment.models.encoders.registry import build_encoder
from live_sentiment.models.store.store import ModelStore


def save_untrained(file: Path, modality: Modality, config: EncoderConfig, store: ModelStore) -> Path:
    """Write the file and return it."""
    torch.manual_seed(0)
    encoder = build_encoder(modality, config, store, torch.device("cpu"))
    encoder.learn_words(["i am so happy , that is good", "that is not so good , i am sad"])
    calibration = Calibration(
        1.0,
        1.0,
        np.full(len(EMOTIONS), 1 / len(EMOTIONS), np.float32),
        np.full(len(POLARITIES), 1 / len(POLARITIES), np.float32),
    )
    save_expert(file, encoder, ExpertHead(encoder.dim), calibration)
    return file
