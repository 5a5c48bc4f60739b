"""CMU-MOSI (Zadeh et al. 2016) in its standard split.

Three forms are read. The original release: `Raw/Transcript/Segmented/VIDEO.annotprocessed`, the segments as
sound and video beside it, and the labels in the SDK's `CMU_MOSI_Opinion_Labels.csd`. `label.csv` with clips
(`opinions`). And the words alone, `mosi_standard_split_text.tsv`.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.training.data.corpora.computational_sequence import Segments, read_computational_sequence
from live_sentiment.training.data.corpora.finding import (
    SPLIT_OF,
    columns,
    find,
    finished,
    missing_note,
    no_corpus,
    number,
    table,
)
from live_sentiment.training.data.corpora.mosi_folds import SPLIT_OF_VIDEO
from live_sentiment.training.data.corpora.opinions import LABELS, opinion, read_label_csv
from live_sentiment.training.data.samples import Corpus, Sample, Span

TEXT_FILE = "mosi_standard_split_text.tsv"
TRANSCRIPTS = "Transcript/Segmented"
LABEL_FILES = ("CMU_MOSI_Opinion_Labels.csd", "Opinion Segment Labels.csd")

_TITLE = "CMU-MOSI"
_LICENCE = "research use"
_EXPECTED = f"Raw/{TRANSCRIPTS} with {LABEL_FILES[0]}, {LABELS} with Raw/VIDEO/CLIP.mp4, or {TEXT_FILE}"


def read_mosi(folder: Path) -> Corpus:
    """A sentiment score in [-3, 3] for each segment of 93 videos of opinions.

    Raises:
        UsageError: it is not there, or its files cannot be used.
    """
    place = find(folder, ("mosi", "cmumosi"), lambda path: _form(path) is not None)
    if place is None:
        raise no_corpus(_TITLE, folder, _EXPECTED)
    form = _form(place)
    if form == "words":
        corpus = Corpus(_TITLE, _LICENCE, _words(place / TEXT_FILE))
    elif form == "table":
        corpus = Corpus(_TITLE, _LICENCE, *read_label_csv(_TITLE, place))
    else:
        corpus = _original(place)
    return finished(corpus, _EXPECTED)


def _form(place: Path) -> str | None:
    files = f"{TRANSCRIPTS}/*.annotprocessed"
    if any(place.glob(files)) or any(place.glob(f"*/{files}")):
        return "original"
    if (place / LABELS).is_file():
        return "table"
    return "words" if (place / TEXT_FILE).is_file() else None


def _words(file: Path) -> list[Sample]:
    rows = table(file, "\t")
    columns(file, rows, ("id", "text", "sentiment", "split"))
    return [
        opinion(
            row["id"],
            row["id"].rpartition("_")[0],
            SPLIT_OF[row["split"]],
            row["text"],
            number(file, row, "sentiment"),
        )
        for row in rows
    ]


def _original(place: Path) -> Corpus:
    raw = place if (place / TRANSCRIPTS).is_dir() else next(place.glob(f"*/{TRANSCRIPTS}")).parents[1]
    found = [path for name in LABEL_FILES for path in sorted(place.rglob(name))]
    if not found:
        raise UsageError(
            f"{_TITLE}: transcripts without labels in {place}; expected {LABEL_FILES[0]} beside them"
        )
    labels = read_computational_sequence(found[0])
    samples: list[Sample] = []
    transcripts: list[str] = []
    clips: list[str] = []
    dropped = Counter[str]()
    for video, segments in sorted(labels.items()):
        transcript = raw / TRANSCRIPTS / f"{video}.annotprocessed"
        if video not in SPLIT_OF_VIDEO:
            dropped["not in the standard split"] += len(segments.labels)
            continue
        if not transcript.is_file():
            transcripts.append(transcript.name)
            dropped["no transcript"] += len(segments.labels)
            continue
        texts = _transcript(transcript)
        for index, (score,) in enumerate(segments.labels[:, :1].tolist()):
            key = f"{video}_{index + 1}"
            picture = raw / f"Video/Segmented/{key}.mp4"
            if not picture.is_file():
                clips.append(picture.name)
            samples.append(
                opinion(
                    key,
                    video,
                    SPLIT_OF_VIDEO[video],
                    texts.get(index + 1),
                    score,
                    sound=_sound(raw, video, segments, index),
                    picture=Span(picture) if picture.is_file() else None,
                )
            )
    expected = f"{TRANSCRIPTS}/VIDEO.annotprocessed"
    notes = missing_note(_TITLE, "transcripts", transcripts, len(labels), expected)
    notes += missing_note(_TITLE, "clips", clips, len(samples), "Video/Segmented/VIDEO_SEGMENT.mp4")
    return Corpus(_TITLE, _LICENCE, samples, dict(dropped), notes)


def _transcript(file: Path) -> dict[int, str]:
    """The words of each segment by its number; a line is `3_DELIM_THE WORDS`, in capitals."""
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (re.fullmatch(r"(\d+)_DELIM_(.*)", line.strip()) for line in lines)
    return {int(line[1]): line[2].lower() for line in found if line}


def _sound(raw: Path, video: str, segments: Segments, index: int) -> Span | None:
    """The segment's own file, or its stretch of the whole video's sound."""
    segment = raw / f"Audio/WAV_16000/Segmented/{video}_{index + 1}.wav"
    if segment.is_file():
        return Span(segment)
    whole = raw / f"Audio/WAV_16000/Full/{video}.wav"
    if not whole.is_file():
        return None
    start_s, end_s = segments.intervals_s[index].tolist()
    return Span(whole, start_s, end_s)
