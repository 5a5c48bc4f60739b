"""The corpora of the text head: utterances with emotions, sentiment or both, in train, dev and test.

Each corpus is a folder. It holds `train.tsv`, `dev.tsv` and `test.tsv` whose header names the columns text
and emotion (one or several of EMOTIONS, joined by commas), sentiment (one of POLARITIES), or both: so a
user's own data come in. A column dialogue names the conversation that rows next to each other belong to.
Or it is the original release of a corpus of RELEASES, as unpacked.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray

Split: TypeAlias = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")
CONTEXT_UTTERANCES = 2
"""Utterances before a text that are kept with it."""


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """One split of one corpus; a kind of label that the corpus lacks is None."""

    texts: tuple[str, ...]
    emotions: FloatArray | None
    """Shape (N, 7), a distribution over EMOTIONS per text: one-hot, or shared among several labels."""
    polarity: FloatArray | None
    """Shape (N, 3), likewise over POLARITIES."""
    before: tuple[tuple[str, ...], ...] | None = None
    """What was said just before each text in its dialogue, oldest first; None without dialogues."""


Corpora: TypeAlias = Mapping[str, Mapping[Split, LabelledTexts]]
Row: TypeAlias = tuple[str, Sequence[str] | None, str | None, str | None]
"""Text, emotions, sentiment, dialogue."""


def load_corpora(folder: Path) -> Corpora:
    """Load every corpus in the folders of `folder`, by name, in alphabetical order.

    Raises:
        UsageError: there is none, or a file has an unknown label.
    """
    found: dict[str, dict[Split, LabelledTexts]] = {}
    for corpus in sorted(path for path in folder.glob("*/") if path.is_dir()):
        for split in SPLITS:
            rows = read_rows(corpus, split)
            if rows:
                found.setdefault(corpus.name, {})[split] = _labelled(rows, f"{corpus.name}, {split}")
    if not any("train" in splits for splits in found.values()):
        raise UsageError(
            f"no corpus to train on in {folder}: it should hold folders with train.tsv (text, and emotion or "
            "sentiment), or releases of MELD, GoEmotions, SemEval-2017 task 4 or SST-2"
        )
    return found


def read_rows(corpus: Path, split: Split) -> list[Row] | None:
    """The texts of one split of one corpus with their labels; None if the folder has no such split."""
    return next(filter(None, (layout(corpus, split) for layout in (_plain_rows, *RELEASES))), None)


def _plain_rows(corpus: Path, split: Split) -> list[Row] | None:
    rows = _table(corpus / f"{split}.tsv", "\t")
    if not rows or "text" not in rows[0]:
        return None
    labels = [row.get("emotion") or row.get("emotions") for row in rows]
    return [
        (row["text"], names.split(",") if names else None, row.get("sentiment"), row.get("dialogue"))
        for row, names in zip(rows, labels, strict=True)
    ]


def _meld_rows(corpus: Path, split: Split) -> list[Row] | None:
    """MELD (Poria et al. 2019): train_sent_emo.csv."""
    rows = _table(corpus / f"{split}_sent_emo.csv", ",")
    return [
        (row["Utterance"], [row["Emotion"]], row["Sentiment"], row["Dialogue_ID"]) for row in rows or ()
    ] or None


def _goemotions_rows(corpus: Path, split: Split) -> list[Row] | None:
    """GoEmotions (Demszky et al. 2020), data/train.tsv: no header, numbers of its 27 emotions and neutral."""
    lines = [line.split("\t") for line in _lines(corpus / f"{split}.tsv")]
    if not lines or not re.fullmatch(r"\d+(,\d+)*", lines[0][1]):
        return None
    return [
        (text, [GOEMOTIONS_EKMAN[int(n)] for n in numbers.split(",")], None, None)
        for text, numbers, *_ in lines
    ]


def _semeval_rows(corpus: Path, split: Split) -> list[Row] | None:
    """SemEval-2017 task 4 A (Rosenthal et al. 2017): twitter-*train-A.txt of all years."""
    lines = [line for file in sorted(corpus.glob(f"twitter-*{split}*A.txt")) for line in _lines(file)]
    return [(text, None, label, None) for _, label, text, *_ in (line.split("\t") for line in lines)] or None


def _sst2_rows(corpus: Path, split: Split) -> list[Row] | None:
    """SST-2 (Socher et al. 2013): GLUE's train.tsv, or stsa.binary.train with a line "1 text"."""
    names = {"0": "negative", "1": "positive"}
    rows = _table(corpus / f"{split}.tsv", "\t")
    if rows and {"sentence", "label"} <= rows[0].keys():
        return [(row["sentence"], None, names[row["label"]], None) for row in rows]
    return [
        (line[2:], None, names[line[0]], None) for line in _lines(corpus / f"stsa.binary.{split}")
    ] or None


Layout: TypeAlias = Callable[[Path, Split], list[Row] | None]
RELEASES: tuple[Layout, ...] = (_meld_rows, _goemotions_rows, _semeval_rows, _sst2_rows)
"""Readers of original releases; each gives None where it finds another layout."""

_EKMAN = {
    "anger": "anger annoyance disapproval",
    "disgust": "disgust",
    "fear": "fear nervousness",
    "joy": "admiration amusement approval caring desire excitement gratitude joy love optimism pride relief",
    "sadness": "disappointment embarrassment grief remorse sadness",
    "surprise": "confusion curiosity realization surprise",
}
GOEMOTIONS_EKMAN = (
    *(
        group
        for _, group in sorted((name, group) for group, names in _EKMAN.items() for name in names.split())
    ),
    "neutral",
)
"""Ekman group of each label number of GoEmotions, by the release's own grouping; its 27 emotions are numbered
in alphabetical order, and neutral is the last."""


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").split("\n") if line] if file.is_file() else []


def _table(file: Path, delimiter: str) -> list[dict[str, str]] | None:
    if not file.is_file():
        return None
    with file.open(encoding="utf-8", newline="") as stream:
        if delimiter == ",":
            return list(csv.DictReader(stream))
        # A quotation mark in a TSV is part of the text.
        return list(csv.DictReader(stream, delimiter=delimiter, quoting=csv.QUOTE_NONE))


def _labelled(rows: Sequence[Row], source: str) -> LabelledTexts:
    emotions = [names for _, names, _, _ in rows if names is not None]
    sentiments = [[name] for _, _, name, _ in rows if name]
    for kind, labels in (("emotion", emotions), ("sentiment", sentiments)):
        if len(labels) not in (0, len(rows)):
            raise UsageError(f"{source}: {len(rows) - len(labels)} of {len(rows)} texts have no {kind}")
    texts = tuple(joined(text) for text, *_ in rows)
    dialogues = [dialogue for *_, dialogue in rows]
    return LabelledTexts(
        texts,
        _distributions(emotions, EMOTIONS, source) if emotions else None,
        _distributions(sentiments, POLARITIES, source) if sentiments else None,
        _before(texts, dialogues) if any(dialogues) else None,
    )


def _before(texts: Sequence[str], dialogues: Sequence[str | None]) -> tuple[tuple[str, ...], ...]:
    """The rows just above each text that are of its dialogue, at most CONTEXT_UTTERANCES."""
    return tuple(
        tuple(
            texts[above]
            for above in range(max(row - CONTEXT_UTTERANCES, 0), row)
            if dialogue and dialogues[above] == dialogue
        )
        for row, dialogue in enumerate(dialogues)
    )


_APART = re.compile(r" (n't|'(?:s|re|ve|ll|d|m)\b|[,.!?;:])", re.IGNORECASE)


def joined(text: str) -> str:
    """A text without the spaces that some corpora put before punctuation ("it 's late , john")."""
    return _APART.sub(r"\1", " ".join(text.split()))


def _distributions(labels: Sequence[Sequence[str]], names: Sequence[str], source: str) -> FloatArray:
    table = np.zeros((len(labels), len(names)), np.float32)
    for row, given in zip(table, labels, strict=True):
        for label in given:
            if label not in names:
                raise UsageError(f"{source}: unknown label {label!r}; known are {', '.join(names)}")
            row[names.index(label)] += 1 / len(given)
    return table
