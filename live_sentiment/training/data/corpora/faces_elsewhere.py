"""Pictures of faces that nothing that ships has learnt from: they choose between models, and test them.

A folder with `index.tsv` (file, emotion, and `person` or `performer`) and the pictures that it names. The
people of each collection are divided in two once and for all: figures of the first half (the validation
split) may choose a model, those of the other are looked at when everything is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import ImageArray
from live_sentiment.training.data.corpora.finding import columns, find, finished, labelled, no_corpus, table
from live_sentiment.training.data.labels import emotion
from live_sentiment.training.data.samples import Corpus, Sample, Split

DIVISION_SEED = 20261129
"""Of the order in which people are divided; another seed would make test people of those who chose."""

INDEX = "index.tsv"
SHELF = "more"
"""A folder that may hold the collections."""
_NO_LICENCE = "no licence seen for the pictures: may choose and test, must not teach"

Row = Mapping[str, str]


def read_taiwan(folder: Path) -> Corpus:
    """Taiwanese facial expressions (Chen, Cho and Tseng 2013): posed, in colour, with raters' first choice.

    Groups: sex, how the expression was brought about, and whether raters see what was posed (of fear they
    mostly do not).

    Raises:
        UsageError: it is not there, or its index does not fit it.
    """

    def groups(row: Row) -> dict[str, str]:
        return {
            "raters": "agree" if row["agrees"] == "1" else "see another emotion",
            "sex": {"f": "women", "m": "men"}.get(row["sex_by_eye"], "not known"),
            "performance": row["performance"],
        }

    return _read(folder, "taiwan", "performer", ("agrees", "sex_by_eye", "performance"), groups)


def read_lfw_expr(folder: Path) -> Corpus:
    """News photographs of LFW with one student's label of the expression, at most a few pictures a person.

    Raises:
        UsageError: it is not there, or its index does not fit it.
    """
    return _read(folder, "lfw-expr", "person", (), lambda row: {})


def halves(people: Iterable[str]) -> dict[str, Split]:
    """Every person's split: "validation" for one half of them, in a seeded order, "test" for the other."""
    names = sorted(set(people))
    order = np.random.default_rng(DIVISION_SEED).permutation(len(names))
    first = (len(names) + 1) // 2
    return {names[index]: "validation" if place < first else "test" for place, index in enumerate(order)}


def _read(
    folder: Path,
    name: str,
    person: str,
    more_columns: Sequence[str],
    groups: Callable[[Row], dict[str, str]],
) -> Corpus:
    expected = f"{INDEX} with the columns file, emotion, {', '.join((person, *more_columns))}"
    needed = (person, *more_columns)
    shelf = find(folder, (name, SHELF), lambda path: _place(path, name, needed) is not None)
    place = None if shelf is None else _place(shelf, name, needed)
    if place is None:
        raise no_corpus(name, folder, expected)
    rows = table(place / INDEX, "\t")
    columns(place / INDEX, rows, ("file", "emotion", *needed))
    split = halves(row[person] for row in rows)
    samples, dropped = labelled(
        (
            Sample(
                key=f"{name}/{row['file']}",
                split=split[row[person]],
                speaker=row[person],
                picture=_picture(place / row["file"]),
                emotions=emotion(row["emotion"]),
                groups=groups(row),
            ),
            row.get("label", row["emotion"]) or "missing",
        )
        for row in rows
    )
    return finished(Corpus(name, _NO_LICENCE, samples, dropped), expected)


def _place(path: Path, name: str, needed: Sequence[str]) -> Path | None:
    """The folder itself, or the one in it of this name, if its index has these columns.

    Other collections have an index of the same name.
    """
    for place in (path, path / name, path / name.replace("-", "_")):
        if (place / INDEX).is_file():
            with (place / INDEX).open(encoding="utf-8-sig") as stream:
                if set(needed) <= set(stream.readline().rstrip("\n").split("\t")):
                    return place
    return None


def _picture(file: Path) -> ImageArray:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"cannot read the picture {file}")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
