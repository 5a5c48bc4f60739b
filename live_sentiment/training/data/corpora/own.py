"""A plain folder of one's own clips with a table: `clips.csv`, or the only CSV there.

A row per clip, with any of these columns (every other is an error):

- `file`, relative to the table: a sound file, a video or a picture of a face; or `text`; or both;
- `start` and `end` in seconds, for a stretch of the file;
- `speaker`: whatever must not cross a split; `split`: train, validation or test; `id`: a name of one's own;
- `emotion`: a name, several (`joy,surprise`), or votes (`joy:3,anger:1`);
- `polarity`: negative, neutral or positive; `valence` and `arousal` in [-1, 1]; `score` in [-3, 3].
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import FloatArray, ImageArray
from live_sentiment.sources.media.container import probe
from live_sentiment.training.data import labels
from live_sentiment.training.data.corpora.finding import SPLIT_OF, finished, missing_note, number, table
from live_sentiment.training.data.samples import Corpus, Sample, Span, Split

COLUMNS = (
    "file",
    "text",
    "start",
    "end",
    "speaker",
    "split",
    "id",
    "emotion",
    "polarity",
    "valence",
    "arousal",
    "score",
)
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
RANGES: Mapping[str, float] = {"valence": 1.0, "arousal": 1.0, "score": 3.0}
"""How far each number may lie from 0."""

_EXPECTED = f"clips.csv (or one other CSV) with some of the columns {', '.join(COLUMNS)}"


def read_own(folder: Path) -> Corpus:
    """The clips of a folder of one's own.

    Raises:
        UsageError: no table, an unknown column or value, or no clip left.
    """
    file = _table_of(folder)
    rows = table(file)
    unknown = [name for name in (rows[0] if rows else {}) if name not in COLUMNS]
    if unknown:
        raise UsageError(f"{file}: unknown column {unknown[0]!r}; known are {', '.join(COLUMNS)}")
    samples, dropped, missing = [], Counter[str](), []
    for line, row in enumerate(rows, start=2):
        filled = {name: value.strip() for name, value in row.items() if value and value.strip()}
        path = file.parent / filled["file"] if "file" in filled else None
        if path is not None and not path.is_file():
            missing.append(filled["file"])
            dropped["file missing"] += 1
            continue
        reason = _unlabelled(filled, f"{file}, line {line}")
        if reason:
            dropped[reason] += 1
            continue
        samples.append(_sample(file, line, filled, path))
    notes = missing_note(folder.name, "clips", missing, len(rows), f"them where {file.name} says")
    return finished(Corpus(folder.name, "the user's own", samples, dict(dropped), notes), _EXPECTED)


def _table_of(folder: Path) -> Path:
    if folder.is_file():
        return folder
    tables = sorted(folder.glob("*.csv"))
    named = [file for file in tables if file.name == "clips.csv"] or tables
    if len(named) != 1:
        found = f"{len(tables)} CSV files" if tables else "no CSV file"
        raise UsageError(f"{found} in {folder}; expected {_EXPECTED}")
    return named[0]


def _unlabelled(row: Mapping[str, str], where: str) -> str | None:
    """Why a row is left out, or None."""
    if not row.keys() & {"file", "text"}:
        return "neither file nor text"
    if not row.keys() & {"emotion", "polarity", "valence", "arousal", "score"}:
        return "no label"
    only_emotion = not row.keys() & {"polarity", "valence", "arousal", "score"}
    if only_emotion and labels.emotions(_votes(row["emotion"], where)) is None:
        return f"label {row['emotion']}"
    return None


def _sample(file: Path, line: int, row: Mapping[str, str], path: Path | None) -> Sample:
    where = f"{file}, line {line}"
    sound, video, picture = _media(row, path, where)
    polarity = labels.polarity(row["polarity"].lower()) if "polarity" in row else None
    if "polarity" in row and polarity is None:
        raise UsageError(f"{where}: unknown polarity {row['polarity']!r}; negative, neutral or positive")
    score = _number(file, line, row, "score")
    if polarity is None and score is not None:
        polarity = labels.polarity_of_score(score)
    return Sample(
        key=row.get("id", f"{row.get('file', 'text')}#{line}"),
        split=_split(row, where),
        speaker=row.get("speaker"),
        text=row.get("text"),
        sound=sound,
        video=video,
        picture=picture,
        emotions=labels.emotions(_votes(row["emotion"], where)) if "emotion" in row else None,
        polarity=polarity,
        valence_arousal=_plane(file, line, row),
        score=score,
    )


def _media(
    row: Mapping[str, str], path: Path | None, where: str
) -> tuple[Span | None, Span | None, ImageArray | None]:
    """Sound, video and picture of a row."""
    if path is None:
        return None, None, None
    if path.suffix.lower() in PICTURES:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise UsageError(f"{where}: cannot read the picture {path}")
        return None, None, np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
    try:
        start_s = float(row.get("start", 0.0))
        end_s = float(row["end"]) if "end" in row else None
    except ValueError as error:
        raise UsageError(f"{where}: start and end are seconds: {error}") from error
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise UsageError(f"{where}: nothing lies between {start_s:g} s and {end_s:g} s")
    span, info = Span(path, start_s, end_s), probe(path)
    return span if info.has_audio else None, span if info.has_video else None, None


def _split(row: Mapping[str, str], where: str) -> Split | None:
    if "split" not in row:
        return None
    split = SPLIT_OF.get(row["split"].lower())
    if split is None:
        raise UsageError(f"{where}: unknown split {row['split']!r}; train, validation or test")
    return split


def _votes(text: str, where: str) -> dict[str, float]:
    """The labels of a cell with their votes."""
    votes: dict[str, float] = {}
    for part in text.lower().split(","):
        name, _, count = part.strip().partition(":")
        try:
            votes[name.strip()] = float(count or 1)
        except ValueError as error:
            raise UsageError(f"{where}: {count!r} is no number of votes in {text!r}") from error
    return votes


def _plane(file: Path, line: int, row: Mapping[str, str]) -> FloatArray | None:
    values = [_number(file, line, row, name) for name in ("valence", "arousal")]
    if values == [None, None]:
        return None
    return np.array([np.nan if value is None else value for value in values], np.float32)


def _number(file: Path, line: int, row: Mapping[str, str], name: str) -> float | None:
    if name not in row:
        return None
    value = number(file, row, name)
    if abs(value) > RANGES[name]:
        raise UsageError(f"{file}, line {line}: {name} {value:g} does not lie within ±{RANGES[name]:g}")
    return value
