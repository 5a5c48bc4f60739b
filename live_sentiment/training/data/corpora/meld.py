"""MELD (Poria et al. 2019): utterances of a sitcom with words, sound and picture.

Its official splits keep dialogues apart, not people: the six main characters speak in all three, so that no
figure on it is of unheard speakers. A sample's `speaker` is therefore its dialogue.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from live_sentiment.training.data.corpora.finding import (
    SPLIT_OF,
    columns,
    find,
    finished,
    missing_note,
    no_corpus,
    table,
)
from live_sentiment.training.data.labels import emotion, polarity
from live_sentiment.training.data.samples import Corpus, Sample, Span

CLIPS: Mapping[str, tuple[str, ...]] = {
    "train": ("train_splits", "train/train_splits", "train"),
    "dev": ("dev_splits_complete", "dev/dev_splits_complete", "dev"),
    "test": ("output_repeated_splits_test", "test/output_repeated_splits_test", "test"),
}
"""Where the release's archives put the clips of each split when they are unpacked."""

_EXPECTED = "train_sent_emo.csv, dev_sent_emo.csv and test_sent_emo.csv, or train.tsv, dev.tsv and test.tsv"
_RELEASED = ("Utterance", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID")
_COPIED = ("text", "emotion", "sentiment", "dialogue", "utterance")
_WINDOWS_PUNCTUATION = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
"""The release's tables hold quotation marks and dashes of Windows-1252 as control characters."""


def read_meld(folder: Path) -> Corpus:
    """The utterances of all splits, with clips where they lie beside the tables.

    Raises:
        UsageError: it is not there, or a table lacks a column.
    """
    place = find(folder, ("meld",), lambda path: any(_table(path, split) for split in CLIPS))
    if place is None:
        raise no_corpus("MELD", folder, _EXPECTED)
    samples: list[Sample] = []
    dropped, notes = Counter[str](), []
    for split, folders in CLIPS.items():
        file = _table(place, split)
        if file is None:
            notes.append(f"MELD: no {split} split in {place}")
            continue
        clips = next((place / name for name in folders if _has_clips(place / name)), None)
        found, missing = _utterances(file, split, clips, dropped)
        samples += found
        if clips is not None:
            where = f"{clips.relative_to(place)}/dia0_utt0.mp4 and the like"
            notes += missing_note(f"MELD {split}", "clips", missing, len(found), where)
    if not any(sample.video for sample in samples):
        notes.append(
            "MELD: words only; clips are looked for in train_splits, dev_splits_complete and "
            "output_repeated_splits_test"
        )
    return finished(Corpus("MELD", "GPL-3.0", samples, dict(dropped), tuple(notes)), _EXPECTED)


def _table(place: Path, split: str) -> Path | None:
    released = place / f"{split}_sent_emo.csv"
    if released.is_file():
        return released
    copied = place / f"{split}.tsv"
    if not copied.is_file():
        return None
    with copied.open(encoding="utf-8") as stream:
        return copied if "\tdialogue" in stream.readline() else None


def _has_clips(folder: Path) -> bool:
    return folder.is_dir() and any(folder.glob("dia*_utt*.mp4"))


def _utterances(
    file: Path, split: str, clips: Path | None, dropped: Counter[str]
) -> tuple[list[Sample], list[str]]:
    """The utterances of a split, and the names of clips that are not there."""
    released = file.suffix == ".csv"
    rows = table(file, "," if released else "\t")
    names = _RELEASED if released else _COPIED
    columns(file, rows, names)
    samples, missing = [], []
    for row in rows:
        text, feeling, sentiment, dialogue, utterance = (row[name] for name in names)
        distribution = emotion(feeling.strip().lower())
        if distribution is None:
            dropped[f"label {feeling}"] += 1
            continue
        clip = None
        if clips is not None:
            clip = clips / f"dia{dialogue}_utt{utterance}.mp4"
            if not clip.is_file():
                missing.append(clip.name)
                clip = None
        samples.append(
            Sample(
                key=f"{split}/dia{dialogue}_utt{utterance}",
                split=SPLIT_OF[split],
                speaker=f"{split} dialogue {dialogue}",
                text=re.sub(r"\s+", " ", text.translate(_WINDOWS_PUNCTUATION)).strip(),
                sound=Span(clip) if clip else None,
                video=Span(clip) if clip else None,
                emotions=distribution,
                polarity=polarity(sentiment.strip().lower()),
            )
        )
    return samples, missing
