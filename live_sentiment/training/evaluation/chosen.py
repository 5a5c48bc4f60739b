"""Which samples of a corpus a model is asked about."""

from __future__ import annotations

from live_sentiment.core.errors import UsageError
from live_sentiment.training.data.samples import Corpus, Split


def choose(corpus: Corpus, split: Split) -> tuple[Corpus, list[str]]:
    """The samples of a split; all of a corpus that has no splits. And what a reader should know of it.

    Raises:
        UsageError: it has splits, but nothing in this one.
    """
    notes = [
        f"{count} samples of {corpus.name} left out: {reason}" for reason, count in corpus.dropped.items()
    ]
    if all(sample.split is None for sample in corpus.samples):
        return corpus, [*notes, f"{corpus.name} comes without splits: all of it is measured"]
    chosen = corpus.of(split)
    if not chosen.samples:
        held = sorted({sample.split for sample in corpus.samples if sample.split is not None})
        raise UsageError(f"{corpus.name} has no {split} split; it has {', '.join(held)}")
    return chosen, notes
