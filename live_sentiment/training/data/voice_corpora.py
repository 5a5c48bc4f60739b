"""Corpora of acted emotional speech: which clip, whose voice, which emotion.

Read from a folder per corpus as released (RAVDESS, Berlin EmoDB, nEMO: the names of the files say it all), or
from an `index.csv` with the columns file, label and speaker, whose paths begin with the corpus.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.training.data.labels import EMOTION_OF

SUFFIXES = frozenset({".wav", ".flac", ".opus", ".ogg"})

TO_EMOTION: Mapping[str, str] = EMOTION_OF
"""Labels of the corpora and the emotion each stands for; clips with any other label (boredom) are left
out."""

RAVDESS_LABELS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
_EMODB = {
    "W": "angry",
    "L": "boredom",
    "E": "disgust",
    "A": "fearful",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance of one actor."""

    file: Path
    corpus: str
    label: str
    """As the corpus has it."""
    speaker: str
    """Unique over the corpora."""

    @property
    def emotion(self) -> str | None:
        """One of EMOTIONS, or None where none of them is meant."""
        return TO_EMOTION.get(self.label)


def read_corpora(folder: Path) -> list[Clip]:
    """Every labelled clip below a folder, in the order of the names.

    Raises:
        UsageError: no such folder, no clip in it, or an index that cannot be used.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {folder}; --data takes the folder that holds the corpora")
    clips = list_clips(folder)
    if not clips:
        raise UsageError(
            f"no clip of RAVDESS, EmoDB or nEMO below {folder}, and no index.csv with file, label and speaker"
        )
    missing = [clip.file for clip in clips if not clip.file.is_file()]
    if missing:
        raise UsageError(
            f"the index of {folder} names {len(missing)} files that are not there, the first {missing[0]}"
        )
    return clips


def list_clips(folder: Path) -> list[Clip]:
    """As `read_corpora`, but files that an index names need not be there, nor any clip at all.

    Raises:
        UsageError: an index that lacks a column.
    """
    indices = (folder / "index.csv", folder / "voice/index.csv")
    index = next((path for path in indices if path.is_file()), None)
    clips = _from_index(index) if index else _from_names(folder)
    return sorted(clips, key=lambda clip: (clip.corpus, clip.file.name))


def describe(clips: list[Clip]) -> str:
    """One line per corpus: clips, actors, labels, and what is left out."""
    lines = []
    for corpus in sorted({clip.corpus for clip in clips}):
        own = [clip for clip in clips if clip.corpus == corpus]
        labels = Counter(clip.label for clip in own)
        text = f"{corpus}: {len(own)} clips of {len({clip.speaker for clip in own})} actors, "
        text += ", ".join(f"{label} {count}" for label, count in sorted(labels.items()))
        dropped = [label for label in sorted(labels) if label not in TO_EMOTION]
        lines.append(text + (f"; left out: {', '.join(dropped)}" if dropped else ""))
    return "\n".join(lines)


def _from_index(index: Path) -> list[Clip]:
    with index.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    clips = []
    for row in rows:
        try:
            file = index.parent / row["file"]
            clips.append(Clip(file, Path(row["file"]).parts[0], row["label"], row["speaker"]))
        except KeyError as error:
            raise UsageError(f"{index} lacks the column {error.args[0]}") from error
    return clips


def _from_names(folder: Path) -> list[Clip]:
    clips = []
    for file in folder.rglob("*"):
        if file.suffix.lower() in SUFFIXES:
            clip = next(filter(None, (read(file) for read in _READERS)), None)
            if clip is not None:
                clips.append(clip)
    return clips


def _ravdess(file: Path) -> Clip | None:
    """Modality, channel, emotion, intensity, statement, repetition, actor; spoken sound only (03-01)."""
    match = re.fullmatch(r"03-01-0([1-8])-0[12]-0[12]-0[12]-(\d\d)", file.stem)
    return match and Clip(file, "ravdess", RAVDESS_LABELS[int(match[1]) - 1], f"ravdess-{match[2]}")


def _emodb(file: Path) -> Clip | None:
    """Speaker, text, emotion (the German initial), version."""
    match = re.fullmatch(r"(\d\d)[ab]\d\d([WLEAFTN])[a-f]", file.stem)
    return match and Clip(file, "emodb", _EMODB[match[2]], f"emodb-{match[1]}")


def _nemo(file: Path) -> Clip | None:
    """Speaker, emotion, sentence."""
    match = re.fullmatch(r"([A-Z]{2}\d)_([a-z]+)_\d+", file.stem)
    return match and Clip(file, "nemo", match[2], f"nemo-{match[1]}")


_READERS: tuple[Callable[[Path], Clip | None], ...] = (_ravdess, _emodb, _nemo)
