"""What CMU-MOSI and CMU-MOSEI have in common: segments of videos of opinions, with a sentiment score.

`label.csv` is the form in which both are often passed on: a row per segment with video_id, clip_id, text,
label (the score) and mode (the split), and the clips in Raw/VIDEO/CLIP.mp4.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import FloatArray
from live_sentiment.training.data.corpora.finding import SPLIT_OF, columns, missing_note, number, table
from live_sentiment.training.data.labels import polarity_of_score
from live_sentiment.training.data.samples import Sample, Span, Split

LABELS = "label.csv"
MAX_SCORE = 3.0


def opinion(
    key: str,
    video: str,
    split: Split | None,
    text: str | None,
    score: float,
    *,
    sound: Span | None = None,
    picture: Span | None = None,
    emotions: FloatArray | None = None,
) -> Sample:
    """One segment.

    Raises:
        UsageError: a score that is out of range.
    """
    if not -MAX_SCORE <= score <= MAX_SCORE:
        raise UsageError(f"{key}: a score of {score:g} does not lie in [-3, 3]")
    return Sample(
        key=key,
        split=split,
        speaker=video,
        text=re.sub(r"\s+", " ", text).strip() or None if text is not None else None,
        sound=sound,
        video=picture,
        polarity=polarity_of_score(score),
        score=score,
        emotions=emotions,
    )


def read_label_csv(title: str, place: Path) -> tuple[list[Sample], dict[str, int], tuple[str, ...]]:
    """The samples of `label.csv`, what was left out, and notes on clips that are missing.

    Raises:
        UsageError: a column is missing, or a score or split cannot be read.
    """
    file = place / LABELS
    rows = table(file)
    columns(file, rows, ("video_id", "clip_id", "text", "label", "mode"))
    clips = next((place / name for name in ("Raw", "raw") if (place / name).is_dir()), None)
    samples, dropped, missing = [], Counter[str](), []
    for row in rows:
        if not row["label"].strip():
            dropped["no label"] += 1
            continue
        split = SPLIT_OF.get(row["mode"].strip().lower())
        if split is None:
            raise UsageError(f"{file}: unknown split {row['mode']!r} in the column mode")
        video, clip = row["video_id"], row["clip_id"]
        found = None
        if clips is not None:
            found = clips / video / f"{clip}.mp4"
            if not found.is_file():
                missing.append(f"{video}/{clip}.mp4")
                found = None
        span = Span(found) if found else None
        score = number(file, row, "label")
        samples.append(opinion(f"{video}_{clip}", video, split, row["text"], score, sound=span, picture=span))
    notes = missing_note(title, "clips", missing, len(rows), "Raw/VIDEO/CLIP.mp4") if clips else ()
    return samples, dict(dropped), notes


def first_there(candidates: Sequence[Path]) -> Path | None:
    """The first of these files or folders that is there."""
    return next((path for path in candidates if path.exists()), None)


def folds(file: Path) -> Mapping[str, Split]:
    """The split of each video, from the SDK's own file of standard folds (`standard_train_fold = [...]`).

    The file is read as text; nothing in it is run.

    Raises:
        UsageError: it names no videos of one of the three.
    """
    text = file.read_text(encoding="utf-8")
    found: dict[str, Split] = {}
    for name, split in (("train", "train"), ("valid", "validation"), ("test", "test")):
        listed = re.search(rf"standard_{name}_fold\s*=\s*\[(.*?)\]", text, re.DOTALL)
        videos = re.findall(r"""["']([^"']+)["']""", listed[1]) if listed else []
        if not videos:
            raise UsageError(f"{file} lists no videos as standard_{name}_fold")
        found |= dict.fromkeys(videos, SPLIT_OF[split])
    return found
