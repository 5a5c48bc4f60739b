"""Three small corpora of one modality each that a small network can learn, in the forms that are read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from live_sentiment.core.types import SAMPLE_RATE_HZ

EMOTIONS = ("neutral", "joy", "anger")
_WORDS = {
    "neutral": ("the", "meeting", "is", "at", "nine"),
    "joy": ("i", "love", "this", "so", "happy"),
    "anger": ("i", "hate", "you", "angry", "terrible"),
}
_POLARITY = {"neutral": "neutral", "joy": "positive", "anger": "negative"}
_PITCH_HZ = {"neutral": 200.0, "joy": 900.0, "anger": 3000.0}
_VOTED = {"neutral": 0, "joy": 1, "anger": 4}
_FER2013 = {"neutral": 4, "joy": 3, "anger": 0}
SPEAKERS = ("a", "b", "c", "d")


def write_corpora(folder: Path, *, each: int = 6, emotions: Sequence[str] = EMOTIONS) -> Path:
    """Write text/meld, voice/ (EmoDB by an index) and face/ with `each` samples of an emotion per split or
    speaker."""
    random = np.random.default_rng(0)
    _write_text(folder / "text" / "meld", each, emotions, random)
    _write_voice(folder / "voice", each, emotions, random)
    _write_faces(folder / "face", each, emotions, random)
    return folder


def _write_text(folder: Path, each: int, emotions: Sequence[str], random: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    dialogue = 0
    for split in ("train", "dev", "test"):
        with (folder / f"{split}.tsv").open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter="\t")
            rows.writerow(["text", "emotion", "sentiment", "speaker", "dialogue", "utterance"])
            for emotion in emotions:
                for number in range(each):
                    dialogue += 1
                    words = " ".join(random.choice(_WORDS[emotion], 4))
                    text = f"{words} {number % 3}."
                    rows.writerow([text, emotion, _POLARITY[emotion], "Somebody", dialogue, 0])


def _write_voice(folder: Path, each: int, emotions: Sequence[str], random: np.random.Generator) -> None:
    (folder / "emodb").mkdir(parents=True)
    labels = {"neutral": "neutral", "joy": "happy", "anger": "angry"}
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label", "intensity", "speaker", "sex", "language", "duration_s"])
        for speaker in SPEAKERS:
            for emotion in emotions:
                for number in range(each):
                    name = f"emodb/{speaker}-{emotion}-{number}.wav"
                    pitch_hz = _PITCH_HZ[emotion] * random.uniform(0.9, 1.1)
                    time_s = np.arange(SAMPLE_RATE_HZ // 4) / SAMPLE_RATE_HZ
                    sound = 0.3 * np.sin(2 * np.pi * pitch_hz * time_s) + 0.01 * random.normal(
                        size=len(time_s)
                    )
                    soundfile.write(folder / name, sound, SAMPLE_RATE_HZ)
                    rows.writerow([name, labels[emotion], "normal", f"emodb-{speaker}", "f", "de", 0.25])


def _write_faces(folder: Path, each: int, emotions: Sequence[str], random: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "valid", "test"):
        images, votes, labels = [], [], []
        for emotion in emotions:
            for _ in range(each):
                image = random.integers(0, 60, (48, 48))
                band = list(EMOTIONS).index(emotion) * 16
                image[band : band + 16] += 180
                images.append(image)
                votes.append(np.eye(10, dtype=np.uint8)[_VOTED[emotion]] * 10)
                labels.append(_FER2013[emotion])
        np.savez(
            folder / f"ferplus_{split}.npz",
            images=np.array(images, np.uint8),
            votes=np.array(votes, np.uint8),
            fer2013=np.array(labels, np.int8),
        )
