"""Miniature releases of corpora: the real names and tables, a fraction of a second in each file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import soundfile

from tests.helpers.media_factory import greys, steady, tone, write_media

RATE_HZ = 16_000


def wav(path: Path, seconds: float = 0.25) -> Path:
    """A tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * np.sin(np.arange(round(seconds * RATE_HZ)) / 10), RATE_HZ)
    return path


def clip(path: Path, seconds: float = 0.4, *, sound: bool = True) -> Path:
    """A video of plain pictures, by its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codecs = {"video_codec": "flv1", "audio_codec": "aac"} if path.suffix == ".flv" else {}
    return write_media(
        path, pictures=greys(steady(seconds, 10)), sound=tone(seconds) if sound else None, **codecs
    )


def lines(path: Path, *written: str) -> Path:
    """A table or transcript."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(written) + "\n", encoding="utf-8")
    return path


def computational_sequence(
    path: Path, name: str, videos: Mapping[str, Sequence[tuple[float, float, Sequence[float]]]]
) -> Path:
    """Labels as the CMU Multimodal SDK writes them: (start, end, labels) of each segment of each video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        group = file.create_group(name)
        group.create_group("metadata")
        for video, segments in videos.items():
            held = group.create_group(f"data/{video}")
            held["intervals"] = np.array([segment[:2] for segment in segments])
            held["features"] = np.array([segment[2] for segment in segments])
    return path


def ravdess(folder: Path) -> None:
    """Two actors: sound alone and with picture, one take seen only, and a song."""
    for take in ("01-01-01-01-01", "06-01-02-01-01", "02-02-01-01-02"):
        wav(folder / f"Actor_{take[-2:]}" / f"03-01-{take}.wav")
    for take in ("06-01-02-01-01", "05-01-02-02-02"):
        clip(folder / f"Actor_{take[-2:]}" / f"01-01-{take}.mp4")
    clip(folder / "Actor_02" / "02-01-08-01-02-02-02.mp4", sound=False)
    wav(folder / "Actor_02" / "03-02-04-01-01-01-02.wav")


def meld(folder: Path, *, clips: bool = True) -> None:
    """Six utterances; the clip of one is missing."""
    head = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode"
    rows = {
        "train": ('1,"You\x92re  a genius!",Ross,joy,positive,0,0', "2,No.,Monica,anger,negative,0,1"),
        "dev": ("1,Oh my God,Phoebe,surprise,neutral,0,0", "2,Fine,Joey,boredom,neutral,0,1"),
        "test": ("1,Hey,Joey,neutral,neutral,0,0", "2,I miss him,Rachel,sadness,negative,1,0"),
    }
    folders = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
    for split, written in rows.items():
        lines(folder / f"{split}_sent_emo.csv", head, *(f"{row},1,1" for row in written))
        for row in written if clips else ():
            dialogue, utterance = row.rsplit(",", 2)[1:]
            if (split, dialogue, utterance) != ("train", "0", "1"):
                clip(folder / folders[split] / f"dia{dialogue}_utt{utterance}.mp4")
