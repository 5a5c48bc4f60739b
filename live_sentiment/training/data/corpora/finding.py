"""What every loader does with a folder: find its corpus there, and say in one line what is missing."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.training.data.samples import Corpus, Sample, Split

SPLIT_OF: Mapping[str, Split] = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "valid": "validation",
    "val": "validation",
    "validation": "validation",
    "test": "test",
}
"""What releases call their splits."""

_SHELVES = {"text", "voice", "face", "vision", "multimodal"}
"""Folders by which corpora are sorted."""


def find(folder: Path, names: Sequence[str], holds: Callable[[Path], bool]) -> Path | None:
    """The folder that holds a corpus: this one, or one below it that bears one of the corpus' names.

    A name counts in any spelling (CREMA-D, crema_d), also as the beginning of a longer one (MELD.Raw), and
    also on a shelf (text, voice, face, vision, multimodal).
    """
    wanted = tuple(_plain(name) for name in names)
    return next((place for place in _places(folder, wanted) if holds(place)), None)


def no_corpus(name: str, folder: Path, expected: str) -> UsageError:
    """The error of a folder without the corpus."""
    if not folder.is_dir():
        return UsageError(f"{name}: no folder {folder}")
    return UsageError(f"{name}: not found in {folder}; expected {expected}")


def missing_note(name: str, kind: str, missing: Sequence[str], total: int, expected: str) -> tuple[str, ...]:
    """One line on files that are not there, or nothing: "MELD: 3 of 9989 clips missing, first ..."."""
    if not missing:
        return ()
    return (f"{name}: {len(missing)} of {total} {kind} missing, first {missing[0]}; expected {expected}",)


def finished(corpus: Corpus, expected: str) -> Corpus:
    """The corpus, once it is sure that it holds anything and that no key comes twice.

    Raises:
        UsageError: nothing with a label is left, or a sample is there twice.
    """
    if not corpus.samples:
        left_out = ", ".join(f"{count} by {reason}" for reason, count in corpus.dropped.items())
        raise UsageError(
            f"{corpus.name}: no sample is left"
            + (f" ({left_out} left out)" if left_out else "")
            + "".join(f"; {note}" for note in corpus.notes)
            + f"; expected {expected}"
        )
    twice = [key for key, count in Counter(sample.key for sample in corpus.samples).items() if count > 1]
    if twice:
        raise UsageError(f"{corpus.name}: {len(twice)} samples are there twice, first {twice[0]}")
    return corpus


def table(file: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a table with a header; in a TSV a quotation mark is part of the text.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            if delimiter == "\t":
                return list(csv.DictReader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE))
            return list(csv.DictReader(stream, delimiter=delimiter))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"cannot read {file}: {error}") from error


def columns(file: Path, rows: Sequence[Mapping[str, str]], needed: Iterable[str]) -> None:
    """Make sure that a table has its columns.

    Raises:
        UsageError: it lacks some, or has no row.
    """
    if not rows:
        raise UsageError(f"{file} has no rows")
    lacking = [name for name in needed if name not in rows[0]]
    if lacking:
        raise UsageError(f"{file} lacks the column {', '.join(lacking)}; it has {', '.join(rows[0])}")


def number(file: Path, row: Mapping[str, str], column: str) -> float:
    """A number of a table's row.

    Raises:
        UsageError: it is none.
    """
    try:
        value = float(row[column])
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise UsageError(f"{file}: {row[column]!r} in the column {column} is not a number")
    return value


def labelled(samples: Iterable[tuple[Sample, str]]) -> tuple[list[Sample], dict[str, int]]:
    """Samples with an emotion, and how many have none by the label (given beside) that stands for none."""
    kept, dropped = [], Counter[str]()
    for sample, label in samples:
        if sample.emotions is None:
            dropped[f"label {label}"] += 1
        else:
            kept.append(sample)
    return kept, dict(dropped)


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _places(folder: Path, wanted: tuple[str, ...]) -> Iterator[Path]:
    yield folder
    below = sorted(path for path in folder.glob("*/") if path.is_dir())
    named = [path for path in below if _plain(path.name).startswith(wanted)]
    yield from named
    for shelf in [path for path in below if path.name.lower() in _SHELVES] + named:
        yield shelf
        yield from (
            path
            for path in sorted(shelf.glob("*/"))
            if path.is_dir() and _plain(path.name).startswith(wanted)
        )
