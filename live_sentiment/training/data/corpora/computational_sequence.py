"""The CMU Multimodal SDK's own format of labels: `.csd`, which is HDF5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import FloatArray


@dataclass(frozen=True, slots=True)
class Segments:
    """The labelled segments of one video, in time order."""

    intervals_s: FloatArray
    """Shape (N, 2): start and end in the video."""
    labels: FloatArray
    """Shape (N, columns)."""


def read_computational_sequence(file: Path) -> Mapping[str, Segments]:
    """The labels of every video, by its id.

    Raises:
        UsageError: h5py is missing, or the file holds no labelled segments.
    """
    try:
        import h5py
    except ImportError as error:
        raise UsageError(f"reading {file.name} needs h5py: pip install 'live-sentiment[train]'") from error
    videos: dict[str, Segments] = {}
    try:
        with h5py.File(file, "r") as content:
            # One group named after the sequence holds everything.
            (sequence,) = content.values()
            for video, held in sequence["data"].items():
                intervals = np.asarray(held["intervals"], np.float32)
                labels = np.asarray(held["features"], np.float32)
                order = np.argsort(intervals[:, 0], kind="stable")
                videos[video] = Segments(intervals[order], labels[order])
    except (OSError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise UsageError(f"{file} holds no labels in the form of the CMU Multimodal SDK: {error}") from error
    return videos
