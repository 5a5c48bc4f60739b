"""CMU-MOSI (Zadeh et al. 2016) in its standard split."""

from __future__ import annotations

from pathlib import Path

from live_sentiment.training.corpora.finding import (
    SPLIT_OF,
    columns,
    find,
    finished,
    no_corpus,
    number,
    table,
)
from live_sentiment.training.labels import polarity_of_score
from live_sentiment.training.samples import Corpus, Sample

TEXT_FILE = "mosi_standard_split_text.tsv"


def read_mosi(folder: Path) -> Corpus:
    """CMU-MOSI: a sentiment score in [-3, 3] for each segment of 93 videos of opinions.

    Raises:
        UsageError: it is not there.
    """
    place = find(folder, ("mosi", "cmumosi"), lambda path: (path / TEXT_FILE).is_file())
    if place is None:
        raise no_corpus("CMU-MOSI", folder, TEXT_FILE)
    file = place / TEXT_FILE
    rows = table(file, "\t")
    columns(file, rows, ("id", "text", "sentiment", "split"))
    samples = []
    for row in rows:
        score = number(file, row, "sentiment")
        samples.append(
            Sample(
                key=row["id"],
                split=SPLIT_OF[row["split"]],
                speaker=row["id"].rpartition("_")[0],
                text=row["text"],
                polarity=polarity_of_score(score),
                score=score,
            )
        )
    return finished(Corpus("CMU-MOSI", "research use", samples), TEXT_FILE)
