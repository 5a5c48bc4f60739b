"""CREMA-D (Cao et al. 2014): 91 actors, twelve sentences, six emotions, sound and picture, with votes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from live_sentiment.training.data.corpora.finding import (
    columns,
    find,
    finished,
    labelled,
    missing_note,
    no_corpus,
    table,
)
from live_sentiment.training.data.labels import emotion
from live_sentiment.training.data.samples import Corpus, Sample, Span

CLIPS = 7442

INTENDED: Mapping[str, str] = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
"""The third part of a clip's name: what the actor was asked to show."""
VOTED: Mapping[str, str] = {letter[0]: name for letter, name in INTENDED.items()}
"""The letters of the votes."""

_NAME = re.compile(r"(\d{4})_[A-Z]{3}_([A-Z]{3})_(?:LO|MD|HI|XX|X)")
_SOUND = (("AudioWAV", ".wav"), ("AudioMP3", ".mp3"))
_VIDEO = (("VideoFlash", ".flv"), ("VideoMP4", ".mp4"))
_VOTES = ("processedResults/summaryTable.csv", "summaryTable.csv")
_EXPECTED = "AudioWAV/1001_DFA_ANG_XX.wav and VideoFlash/1001_DFA_ANG_XX.flv, or one of the two folders"


def read_crema_d(folder: Path) -> Corpus:
    """One sample per clip, with sound, picture or both; the sentences are not given as text.

    The emotion is what most people saw and heard in the clip (`MultiModalVote` of summaryTable.csv; heard or
    seen alone, where that is all there is of the clip), shared where the vote is a tie. Without the table
    it is what the actor was asked to show.

    Raises:
        UsageError: it is not there.
    """
    place = find(folder, ("cremad",), lambda path: any((path / name).is_dir() for name, _ in _SOUND + _VIDEO))
    if place is None:
        raise no_corpus("CREMA-D", folder, _EXPECTED)
    sounds, videos = _files(place, _SOUND), _files(place, _VIDEO)
    names = sorted(sounds.keys() | videos.keys())
    votes = _votes(place)
    samples, dropped = labelled(
        (_sample(name, sounds.get(name), videos.get(name), votes), name.split("_")[2]) for name in names
    )
    notes = [] if votes else [f"CREMA-D: intended emotions, as there is no {_VOTES[0]} with the votes"]
    for kind, there in (("sounds", sounds), ("videos", videos)):
        missing = [name for name in names if name not in there]
        notes += missing_note("CREMA-D", kind, missing, len(names), _EXPECTED) if there else ()
    if len(names) < CLIPS:
        notes.append(f"CREMA-D: {len(names)} of the release's {CLIPS} clips")
    return finished(Corpus("CREMA-D", "ODbL 1.0", samples, dropped, tuple(notes)), _EXPECTED)


def _files(place: Path, folders: tuple[tuple[str, str], ...]) -> dict[str, Path]:
    """The clips of the first folder that is there, by name."""
    for name, suffix in folders:
        found = {path.stem: path for path in (place / name).glob(f"*{suffix}") if _NAME.fullmatch(path.stem)}
        if found:
            return found
    return {}


def _votes(place: Path) -> dict[str, Mapping[str, str]]:
    """The rows of the table of votes by the names of the clips, the columns in lower case."""
    file = next((place / name for name in _VOTES if (place / name).is_file()), None)
    if file is None:
        return {}
    rows = [{(name or "").lower(): value for name, value in row.items()} for row in table(file)]
    columns(file, rows, ("filename", "voicevote", "facevote", "multimodalvote"))
    return {row["filename"].rpartition("/")[2].split(".")[0]: row for row in rows}


def _sample(
    name: str, sound: Path | None, video: Path | None, votes: Mapping[str, Mapping[str, str]]
) -> Sample:
    actor, _, intended, _ = name.split("_")
    labels = [INTENDED.get(intended, "")]
    if name in votes:
        asked = "multimodalvote" if sound and video else "voicevote" if sound else "facevote"
        labels = [VOTED.get(letter, "") for letter in votes[name][asked].split(":")]
    return Sample(
        key=name,
        speaker=f"crema-d-{actor}",
        sound=Span(sound) if sound else None,
        video=Span(video) if video else None,
        emotions=emotion(*labels),
    )
