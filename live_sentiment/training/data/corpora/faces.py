"""Faces of FER2013 (Goodfellow et al. 2013): with FERPlus's votes, or with the challenge's label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray
from live_sentiment.training.data.corpora.finding import columns, find, finished, no_corpus, table
from live_sentiment.training.data.face_data import VOTES, load_ferplus
from live_sentiment.training.data.labels import emotion
from live_sentiment.training.data.samples import Corpus, Sample, Split

FER2013 = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The labels 0 to 6 of fer2013.csv."""
FER2013_PACKED = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
"""The labels 0 to 6 of the array `fer2013` in ferplus_train.npz and its like: in alphabetical order."""

_SIDE_PX = 48
_LICENCE = "labels MIT; pictures of the ICML 2013 challenge: research use"
_SPLIT: Mapping[str, Split] = {"train": "train", "valid": "validation", "test": "test"}
_USAGE: Mapping[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
_PACKED = "ferplus_train.npz, ferplus_valid.npz and ferplus_test.npz"


def read_ferplus(folder: Path) -> Corpus:
    """FERPlus (Barsoum et al. 2016): the annotators' votes as a distribution, in the official splits.

    Left out is a picture in which contempt, "unknown" or "not a face" got the most votes.

    Raises:
        UsageError: it is not there, or its files do not fit together.
    """
    expected = f"fer2013.csv with fer2013new.csv, or {_PACKED}"
    place = find(
        folder,
        ("ferplus", "fer2013", "fer"),
        lambda path: _packed(path) or (path / "fer2013new.csv").is_file(),
    )
    if place is None:
        raise no_corpus("FERPlus", folder, expected)
    samples, dropped = [], Counter[str]()
    for name, pictures in load_ferplus(place).items():
        dropped.update(f"{VOTES[column]} leads" for column in pictures.leading[~pictures.usable])
        samples += [
            Sample(
                key=f"{name}/{row}",
                split=_SPLIT[name],
                picture=pictures.images[row],
                emotions=distribution,
            )
            for row, distribution in enumerate(pictures.soft_labels)
            if pictures.usable[row]
        ]
    return finished(Corpus("FERPlus", _LICENCE, samples, dict(dropped)), expected)


def read_fer2013(folder: Path) -> Corpus:
    """FER2013 with the challenge's own label, one of the seven emotions; train, public and private test.

    Raises:
        UsageError: it is not there, or a row of it cannot be read.
    """
    expected = f"fer2013.csv (emotion, pixels, Usage), or {_PACKED} with the array fer2013"
    place = find(
        folder, ("fer2013", "ferplus", "fer"), lambda path: (path / "fer2013.csv").is_file() or _packed(path)
    )
    if place is None:
        raise no_corpus("FER2013", folder, expected)
    csv = place / "fer2013.csv"
    samples = _rows(csv) if csv.is_file() else _arrays(place)
    return finished(Corpus("FER2013", "ICML 2013 challenge: research use", samples), expected)


def _packed(place: Path) -> bool:
    return all((place / f"ferplus_{split}.npz").is_file() for split in _SPLIT)


def _rows(csv: Path) -> list[Sample]:
    rows = table(csv)
    columns(csv, rows, ("emotion", "pixels", "Usage"))
    try:
        return [
            Sample(
                key=f"{row['Usage']}/{index}",
                split=_USAGE[row["Usage"]],
                picture=_picture(row["pixels"]),
                emotions=emotion(FER2013[int(row["emotion"])]),
            )
            for index, row in enumerate(rows)
        ]
    except (KeyError, ValueError, IndexError) as error:
        raise UsageError(f"{csv}: a row is not one of FER2013: {error}") from error


def _picture(pixels: str) -> ImageArray:
    return np.array(pixels.split(), np.uint8).reshape(_SIDE_PX, _SIDE_PX)


def _arrays(place: Path) -> list[Sample]:
    samples = []
    for name, split in _SPLIT.items():
        file = place / f"ferplus_{name}.npz"
        try:
            with np.load(file, allow_pickle=False) as arrays:
                images, given = arrays["images"], arrays["fer2013"]
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(f"cannot read the pictures and labels fer2013 of {file}: {error}") from error
        samples += [
            Sample(
                key=f"{name}/{row}",
                split=split,
                picture=images[row],
                emotions=emotion(FER2013_PACKED[label]),
            )
            for row, label in enumerate(given)
        ]
    return samples
