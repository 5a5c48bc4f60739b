"""CMU-MOSEI (Zadeh et al. 2018): sentiment and six emotions of segments of videos.

Two forms are read. The original release: `Raw/Transcript/Segmented/Combined/VIDEO.txt`, whole videos and
their sound beside it, and the SDK's `CMU_MOSEI_Labels.csd`; the split is that of the SDK's file of standard
folds (`cmu_mosei_std_folds.py`) where it lies there. And `label.csv` with clips (`opinions`), which
has no emotions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import FloatArray
from live_sentiment.training.data import labels
from live_sentiment.training.data.corpora.computational_sequence import read_computational_sequence
from live_sentiment.training.data.corpora.finding import find, finished, missing_note, no_corpus
from live_sentiment.training.data.corpora.opinions import LABELS, first_there, folds, opinion, read_label_csv
from live_sentiment.training.data.samples import Corpus, Sample, Span

TRANSCRIPTS = "Transcript/Segmented/Combined"
LABEL_FILES = ("CMU_MOSEI_Labels.csd", "CMU_MOSEI_All_Labels.csd", "All Labels.csd")
FOLDS = "cmu_mosei_std_folds.py"

COLUMNS = ("happy", "sad", "anger", "surprise", "disgust", "fear")
"""What follows the sentiment in a row of labels: the mean strength of each emotion, in [0, 3]."""

SAME_S = 0.5
"""A transcript's line belongs to the labelled segment that starts this near to it."""

_TITLE = "CMU-MOSEI"
_LICENCE = "not verified: research use"
_EXPECTED = f"Raw/{TRANSCRIPTS} with {LABEL_FILES[0]}, or {LABELS} with Raw/VIDEO/CLIP.mp4"


def read_mosei(folder: Path) -> Corpus:
    """A sentiment score and emotions for each labelled segment.

    The emotions are shared by their strengths; a segment in which nobody saw any of the six is neutral.

    Raises:
        UsageError: it is not there, or its files cannot be used.
    """
    place = find(folder, ("mosei", "cmumosei"), lambda path: _is_raw(path) or (path / LABELS).is_file())
    if place is None:
        raise no_corpus(_TITLE, folder, _EXPECTED)
    if _is_raw(place):
        return finished(_original(place), _EXPECTED)
    return finished(Corpus(_TITLE, _LICENCE, *read_label_csv(_TITLE, place)), _EXPECTED)


def _is_raw(place: Path) -> bool:
    return (place / TRANSCRIPTS).is_dir() or (place / "Raw" / TRANSCRIPTS).is_dir()


def _original(place: Path) -> Corpus:
    raw = place if (place / TRANSCRIPTS).is_dir() else place / "Raw"
    tables = [path for name in LABEL_FILES for path in sorted(place.rglob(name))]
    if not tables:
        raise UsageError(f"{_TITLE}: transcripts without labels in {place}; expected {LABEL_FILES[0]}")
    listed = next(iter(sorted(place.rglob(FOLDS))), None)
    splits = folds(listed) if listed else {}
    samples: list[Sample] = []
    dropped = Counter[str]()
    missing: dict[str, list[str]] = {"transcripts": [], "videos": []}
    videos = read_computational_sequence(tables[0])
    for video, segments in sorted(videos.items()):
        if splits and video not in splits:
            dropped["not in the standard folds"] += len(segments.labels)
            continue
        lines = _transcript(raw / TRANSCRIPTS / f"{video}.txt")
        if lines is None:
            missing["transcripts"].append(f"{video}.txt")
        files = _files(raw, video)
        if files.video is None:
            missing["videos"].append(f"{video}.mp4")
        for index, (interval, row) in enumerate(zip(segments.intervals_s, segments.labels, strict=True)):
            start_s, end_s = interval.tolist()
            line = _line_at(lines or (), start_s)
            if line is None and files.sound is None and files.video is None:
                dropped["no transcript and no clip"] += 1
                continue
            samples.append(
                opinion(
                    f"{video}_{index}",
                    video,
                    splits.get(video),
                    line.text if line else None,
                    float(row[0]),
                    sound=Span(files.sound, start_s, end_s) if files.sound else None,
                    picture=Span(files.video, start_s, end_s) if files.video else None,
                    emotions=_emotions(row[1:]) if len(row) > len(COLUMNS) else None,
                )
            )
    notes = []
    if not splits:
        notes.append(f"{_TITLE}: no {FOLDS} in {place}: videos are divided by seed, not as is standard")
    for kind, where in (("transcripts", TRANSCRIPTS), ("videos", "Videos/Full/Combined")):
        notes += missing_note(_TITLE, kind, missing[kind], len(videos), f"them in {raw / where}")
    return Corpus(_TITLE, _LICENCE, samples, dict(dropped), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Line:
    """A segment of a transcript."""

    start_s: float
    text: str


def _transcript(file: Path) -> list[_Line] | None:
    """The segments of a video; a line is `VIDEO___3___START___END___the words`."""
    if not file.is_file():
        return None
    parts = [line.split("___", 4) for line in file.read_text(encoding="utf-8", errors="replace").splitlines()]
    try:
        return [_Line(float(part[2]), part[4]) for part in parts if len(part) == 5]
    except ValueError as error:
        raise UsageError(f"{file}: a segment without its times: {error}") from error


def _line_at(lines: Sequence[_Line], start_s: float) -> _Line | None:
    nearest = min(lines, key=lambda line: abs(line.start_s - start_s), default=None)
    return nearest if nearest and abs(nearest.start_s - start_s) <= SAME_S else None


@dataclass(frozen=True, slots=True)
class _Files:
    """Where the whole video lies, and its sound."""

    sound: Path | None
    video: Path | None


def _files(raw: Path, video: str) -> _Files:
    picture = first_there([raw / f"Videos/Full/Combined/{video}.mp4", raw / f"Video/Full/{video}.mp4"])
    return _Files(first_there([raw / f"Audio/Full/WAV_16000/{video}.wav"]) or picture, picture)


def _emotions(strengths: FloatArray) -> FloatArray | None:
    given: Mapping[str, float] = {
        name: max(0.0, float(strength)) for name, strength in zip(COLUMNS, strengths, strict=False)
    }
    return labels.emotions(given) if any(given.values()) else labels.emotion("neutral")
