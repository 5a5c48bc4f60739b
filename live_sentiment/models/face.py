"""The models of the face stage: one detector for pictures, one for faces cut out of them, and a reader."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from live_sentiment.core.config import FaceConfig
from live_sentiment.models.face_detector import FaceDetector
from live_sentiment.models.face_reader import FaceReader, load_reader
from live_sentiment.models.store.store import ModelStore

CUT_OUT_PX = 128
"""Side of the square in which a face that was found is looked at more closely."""
CUT_OUT_SCORE = 0.3
"""Confidence from which a face counts there."""


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Stateless; one set serves any number of streams."""

    detect: FaceDetector
    detect_cut_out: FaceDetector
    """For squares of CUT_OUT_PX, from CUT_OUT_SCORE on."""
    read: FaceReader


def load_face(config: FaceConfig, detector: Path, device: torch.device, store: ModelStore) -> FaceModels:
    """Load them.

    Args:
        config: sizes, least confidence and the name of the network.
        detector: the model folder of YuNet, which runs on the CPU.
        device: where the expression network runs.
        store: where an expert of one's own training finds its encoder.

    Raises:
        UsageError: the detector or the network cannot be had.
    """
    return FaceModels(
        FaceDetector(detector, config.detect_size_px, config.detect_score),
        FaceDetector(detector, CUT_OUT_PX, CUT_OUT_SCORE),
        load_reader(config.encoder, store, device),
    )
