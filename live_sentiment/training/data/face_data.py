"""FERPlus: FER2013 faces with ten annotators' votes (Barsoum et al. 2016), split as its authors did.

Two forms are read: `ferplus_{train,valid,test}.npz` (arrays `images` (N, 48, 48) and `votes` (N, 10), uint8),
and the original releases, `fer2013.csv` with `fer2013new.csv`, in one folder.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, BoolArray, FloatArray, ImageArray
from live_sentiment.perception.face.align import CROP_PX

VOTES = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
    "unknown",
    "NF",
)
"""The columns of the votes; NF is "not a face"."""

_AS_VOTED: Mapping[str, str] = {"joy": "happiness"}
COLUMNS = [VOTES.index(_AS_VOTED.get(emotion, emotion)) for emotion in EMOTIONS]
"""Where the votes for each of EMOTIONS stand."""

SPLITS: Mapping[str, str] = {"train": "Training", "valid": "PublicTest", "test": "PrivateTest"}
"""The official splits, by the names that the original release gives them."""

STRAY_VOTE = 1
"""A class with a single vote is taken for a slip, as FERPlus's authors do."""


@dataclass(frozen=True, slots=True)
class FacePictures:
    """Pictures of one split with what the annotators said."""

    images: ImageArray
    """Shape (N, 48, 48), grey."""
    votes: NDArray[np.uint8]
    """Shape (N, 10), in the order of VOTES."""

    def __len__(self) -> int:
        return len(self.images)

    def select(self, chosen: BoolArray) -> FacePictures:
        """The pictures where `chosen`, shape (N,), is true."""
        return FacePictures(self.images[chosen], self.votes[chosen])

    @property
    def leading(self) -> NDArray[np.int64]:
        """Shape (N,), the column of VOTES with the most votes (the first of equals)."""
        leading: NDArray[np.int64] = self.votes.argmax(axis=1)
        return leading

    @property
    def usable(self) -> BoolArray:
        """Shape (N,), whether one of EMOTIONS leads, rather than contempt, unknown or not-a-face."""
        usable: BoolArray = np.isin(self.leading, COLUMNS)
        return usable

    @property
    def clear(self) -> BoolArray:
        """Shape (N,), whether an emotion got more than half of all votes."""
        majority: BoolArray = self.votes.max(axis=1) > self.votes.sum(axis=1) / 2
        return self.usable & majority

    @property
    def majority(self) -> BoolArray:
        """Shape (N,), whether an emotion or contempt has more than half of the votes that are not strayed.

        The "majority" mode of FERPlus's authors, by which published figures are given.
        """
        counts = np.where(self.votes > STRAY_VOTE, self.votes, 0)
        majority: BoolArray = counts.max(axis=1) > counts.sum(axis=1) / 2
        return majority & np.isin(self.leading, [*COLUMNS, VOTES.index("contempt")])

    @property
    def labels(self) -> NDArray[np.int64]:
        """Shape (N,), the leading of EMOTIONS."""
        labels: NDArray[np.int64] = self.votes[:, COLUMNS].argmax(axis=1)
        return labels

    @property
    def soft_labels(self) -> FloatArray:
        """Shape (N, 7), the annotators' distribution over EMOTIONS, without stray votes."""
        counts = self.votes[:, COLUMNS].astype(np.float32)
        counts[counts <= STRAY_VOTE] = 0
        total = counts.sum(axis=1, keepdims=True)
        even = np.full_like(counts, 1 / counts.shape[1])
        np.divide(counts, total, out=even, where=total > 0)
        return even

    def __repr__(self) -> str:
        return f"FacePictures({len(self)} pictures, {int(self.usable.sum())} usable)"


def load_ferplus(folder: Path) -> dict[str, FacePictures]:
    """Read the train, valid and test pictures from either form.

    Raises:
        UsageError: the folder holds neither form, or files that do not fit together.
    """
    packed = {split: folder / f"ferplus_{split}.npz" for split in SPLITS}
    pixels, votes = folder / "fer2013.csv", folder / "fer2013new.csv"
    if all(file.is_file() for file in packed.values()):
        return {split: _read_npz(file) for split, file in packed.items()}
    if pixels.is_file() and votes.is_file():
        return _read_csv(pixels, votes)
    raise UsageError(
        f"{folder} holds neither {', '.join(file.name for file in packed.values())} "
        f"nor {pixels.name} with {votes.name}"
    )


def _read_npz(file: Path) -> FacePictures:
    try:
        with np.load(file) as arrays:
            images, votes = arrays["images"], arrays["votes"]
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"cannot read {file}: {error}") from error
    if images.shape[1:] != (CROP_PX, CROP_PX) or votes.shape != (len(images), len(VOTES)):
        raise UsageError(f"{file}: images {images.shape} and votes {votes.shape} are not FERPlus's")
    return FacePictures(images.astype(np.uint8), votes.astype(np.uint8))


def _read_csv(pixels: Path, votes: Path) -> dict[str, FacePictures]:
    """The two tables have the same rows in the same order; a row without a picture name has no face."""
    images: dict[str, list[ImageArray]] = {split: [] for split in SPLITS}
    counts: dict[str, list[list[int]]] = {split: [] for split in SPLITS}
    split_of = {usage: split for split, usage in SPLITS.items()}
    try:
        with pixels.open(newline="") as pictures, votes.open(newline="") as ballots:
            for picture, ballot in zip(csv.DictReader(pictures), csv.DictReader(ballots), strict=True):
                if picture["Usage"] != ballot["Usage"]:
                    raise ValueError("the two tables are not in the same order")
                if ballot["Image name"]:
                    split = split_of[picture["Usage"]]
                    grey = np.array(picture["pixels"].split(), np.uint8)
                    images[split].append(grey.reshape(CROP_PX, CROP_PX))
                    counts[split].append([int(ballot[name]) for name in VOTES])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"cannot read {pixels} with {votes}: {error}") from error
    return {
        split: FacePictures(
            np.array(images[split], np.uint8).reshape(-1, CROP_PX, CROP_PX),
            np.array(counts[split], np.uint8).reshape(-1, len(VOTES)),
        )
        for split in SPLITS
    }
