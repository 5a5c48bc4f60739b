"""Corpora of texts alone: GoEmotions, SST-2, SemEval-2017 task 4."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.training.data import labels
from live_sentiment.training.data.corpora.finding import SPLIT_OF, find, finished, no_corpus
from live_sentiment.training.data.samples import Corpus, Sample
from live_sentiment.training.data.text_corpora import SPLITS, joined, read_rows


def read_goemotions(folder: Path) -> Corpus:
    """GoEmotions (Demszky et al. 2020): Reddit, 27 emotions in the authors' own grouping by Ekman's six.

    Several labels of a text share it in equal parts.

    Raises:
        UsageError: it is not there, or has an unknown label.
    """
    expected = "train.tsv, dev.tsv and test.tsv of the release (text, numbers, id), or with text and emotions"
    return _texts("GoEmotions", ("goemotions",), folder, expected, "CC BY 4.0")


def read_sst2(folder: Path) -> Corpus:
    """SST-2 (Socher et al. 2013): film reviews, negative or positive.

    Raises:
        UsageError: it is not there, or has an unknown label.
    """
    expected = (
        "GLUE's train.tsv and dev.tsv (sentence, label), stsa.binary.train and its like, or train.tsv with "
        "text and sentiment"
    )
    return _texts("SST-2", ("sst2", "sst"), folder, expected, "research use")


def read_semeval(folder: Path) -> Corpus:
    """SemEval-2017 task 4 A (Rosenthal et al. 2017): tweets with three sentiments.

    Raises:
        UsageError: it is not there, or has an unknown label.
    """
    expected = "twitter-2013train-A.txt and its like, or train.tsv with text and sentiment"
    return _texts("SemEval-2017", ("semeval", "2017english"), folder, expected, "research use")


def _texts(title: str, names: tuple[str, ...], folder: Path, expected: str, licence: str) -> Corpus:
    # Each of the three has a train.tsv, so that a folder must bear the name, unless it is the corpus' own.
    place = find(folder, names, lambda path: bool(read_rows(path, "train")))
    if place is None:
        raise no_corpus(title, folder, expected)
    samples = []
    for split in SPLITS:
        for row, (text, emotions, sentiment, *_) in enumerate(read_rows(place, split) or ()):
            where = f"{title}, {split}, text {row + 1}"
            _check(emotions or (), EMOTIONS, where)
            _check([sentiment] if sentiment else (), POLARITIES, where)
            samples.append(
                Sample(
                    key=f"{split}/{row}",
                    split=SPLIT_OF[split],
                    text=joined(text),
                    emotions=None if emotions is None else labels.emotion(*emotions),
                    polarity=labels.polarity(sentiment) if sentiment else None,
                )
            )
    absent = [split for split in SPLITS if not any(sample.key.startswith(split) for sample in samples)]
    notes = (f"{title}: no {' and no '.join(absent)} split in {place}",) if absent else ()
    return finished(Corpus(title, licence, samples, notes=notes), expected)


def _check(given: Sequence[str], names: Sequence[str], where: str) -> None:
    for name in given:
        if name not in names:
            raise UsageError(f"{where}: unknown label {name!r}; known are {', '.join(names)}")
