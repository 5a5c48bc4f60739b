"""Every corpus by its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, FloatArray
from live_sentiment.training.data import labels
from live_sentiment.training.data.corpora import (
    acted,
    crema_d,
    faces,
    faces_elsewhere,
    meld,
    mosei,
    mosi,
    mosi_features,
    own,
    texts,
)
from live_sentiment.training.data.samples import SPLITS, Corpus

Reader: TypeAlias = Callable[[Path], Corpus]

CORPORA: Mapping[str, Reader] = {
    "ravdess": acted.read_ravdess,
    "crema-d": crema_d.read_crema_d,
    "emodb": acted.read_emodb,
    "nemo": acted.read_nemo,
    "meld": meld.read_meld,
    "mosi": mosi.read_mosi,
    "mosei": mosei.read_mosei,
    "mosi-acl17": mosi_features.read_mosi_acl17,
    "ferplus": faces.read_ferplus,
    "fer2013": faces.read_fer2013,
    "taiwan": faces_elsewhere.read_taiwan,
    "lfw-expr": faces_elsewhere.read_lfw_expr,
    "goemotions": texts.read_goemotions,
    "sst2": texts.read_sst2,
    "semeval": texts.read_semeval,
    "folder": own.read_own,
}
"""Readers by the names that commands and configurations use."""


def read_corpus(name: str, folder: Path) -> Corpus:
    """Read a corpus from its own folder, or from one that holds it among others.

    Polarity follows from the emotions where a corpus gives no polarity (`labels.polarity_of_emotions`).

    Raises:
        UsageError: no such name, the corpus is not there, or its files are not what they should be.
    """
    if name not in CORPORA:
        raise UsageError(f"no corpus {name!r}; known are {', '.join(CORPORA)}")
    return _with_polarity(CORPORA[name](folder))


def _with_polarity(corpus: Corpus) -> Corpus:
    derived: dict[bytes, FloatArray | None] = {}
    samples = []
    for sample in corpus.samples:
        if sample.polarity is None and sample.emotions is not None:
            key = sample.emotions.tobytes()
            if key not in derived:
                derived[key] = labels.polarity_of_emotions(sample.emotions)
            samples.append(replace(sample, polarity=derived[key]))
        else:
            samples.append(sample)
    return replace(corpus, samples=samples)


def describe(corpus: Corpus) -> str:
    """What a corpus holds, in lines for people: modalities, splits, labels, what is left out or missing."""
    samples = corpus.samples
    held = [f"{name} {sum(one.has(name) for one in samples)}" for name in MODALITIES]
    speakers = len({one.speaker for one in samples if one.speaker is not None})
    splits = Counter(one.split for one in samples)
    sizes = [f"{name} {splits[name]}" for name in (*SPLITS, None) if splits[name]]
    lines = [
        f"{corpus.name}: {len(samples)} samples ({', '.join(held)}) of {speakers or 'unknown'} speakers; "
        f"licence: {corpus.licence}",
        f"  splits: {', '.join(sizes).replace('None', 'to be divided')}",
    ]
    for kind, names, distributions in (
        ("emotions", EMOTIONS, [one.emotions for one in samples]),
        ("polarity", POLARITIES, [one.polarity for one in samples]),
    ):
        counts = Counter(labels.hard(distributions).tolist())
        given = [f"{name} {counts[index]}" for index, name in enumerate(names) if counts[index]]
        if given:
            shared = f", no leading one {counts[-1]}" if counts[-1] else ""
            lines.append(f"  {kind}: {', '.join(given)}{shared}")
    scores = sum(one.score is not None for one in samples)
    if scores:
        lines.append(f"  score: {scores}")
    for reason, count in sorted(corpus.dropped.items()):
        lines.append(f"  left out: {count} ({reason})")
    lines += [f"  note: {note}" for note in corpus.notes]
    return "\n".join(lines)
