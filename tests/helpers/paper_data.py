"""A data folder of a few samples of everything that the page of results is made from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import soundfile

from live_sentiment.core.types import EMOTIONS, POLARITIES
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.training.data.face_data import COLUMNS, SPLITS, VOTES
from live_sentiment.training.data.fusion_looks import Look, make_pool
from live_sentiment.training.data.pairing import Pool
from tests.helpers.voices import RATE, hum, silence

VOICE_LABELS = ("neutral", "happy", "sad", "angry", "fearful", "disgust", "surprised")
ACTORS = 5


def write_data(folder: Path) -> Path:
    """Write text, voice, face and multimodal."""
    write_texts(folder / "text")
    write_voices(folder / "voice")
    write_faces(folder / "face")
    write_mosi_features(folder / "multimodal")
    write_mosi_texts(folder / "multimodal")
    return folder


def write_texts(folder: Path) -> None:
    """MELD and GoEmotions: one text of each emotion in every split, two turns to a dialogue."""
    for name, columns in (
        ("meld", "text\temotion\tsentiment\tdialogue\tutterance"),
        ("goemotions", "text\temotions"),
    ):
        (folder / name).mkdir(parents=True)
        for split in ("train", "dev", "test"):
            rows = [columns]
            for number, emotion in enumerate(EMOTIONS):
                rest = f"\tneutral\t{number // 2}\t{number % 2}" if name == "meld" else ""
                rows.append(f"I say this with {emotion}\t{emotion}{rest}")
            (folder / name / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_voices(folder: Path) -> None:
    """RAVDESS by an index: an emotion is a pitch and a level."""
    (folder / "ravdess").mkdir(parents=True)
    rows = ["file,label,speaker"]
    for actor in range(ACTORS):
        for index, label in enumerate(VOICE_LABELS):
            sound = hum(1.0, 108 + 5 * index + 3 * actor) * (0.7 + 0.05 * index)
            name = f"ravdess/{actor}-{label}.wav"
            soundfile.write(folder / name, np.concatenate((sound, silence(0.2))), RATE)
            rows.append(f"{name},{label},ravdess-{actor}")
    (folder / "index.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_faces(folder: Path) -> None:
    """FERPlus with FER2013's labels: one picture of noise for each emotion, and one of contempt."""
    folder.mkdir(parents=True)
    for seed, split in enumerate(SPLITS):
        votes = np.zeros((len(EMOTIONS) + 1, len(VOTES)), np.uint8)
        votes[np.arange(len(EMOTIONS)), COLUMNS] = 10
        votes[-1, VOTES.index("contempt")] = 10
        images = np.random.default_rng(seed).integers(0, 256, (len(votes), 48, 48)).astype(np.uint8)
        labels = np.arange(len(votes), dtype=np.int8) % 7
        np.savez(folder / f"ferplus_{split}.npz", images=images, votes=votes, fer2013=labels)


def write_posed(folder: Path) -> None:
    """Four performers with a reddish picture of noise for each emotion, and one of none."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["file\temotion\tlabel\tagrees\tperformer\tsex_by_eye\tperformance"]
    random = np.random.default_rng(0)
    for number in range(4 * 8):
        performer, kind = divmod(number, 8)
        emotion = (*EMOTIONS, "")[kind]
        noise = random.integers(0, 200, (96, 96, 3)) + np.array([0, 25, 55])
        cv2.imwrite(str(folder / f"{number}.png"), noise.astype(np.uint8))
        sex = "fm"[performer % 2]
        rows.append(
            f"{number}.png\t{emotion}\t{emotion or 'x'}\t{int(kind != 4)}\ttw-{performer}\t{sex}\tFACS"
        )
    (folder / "index.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_mosi_features(folder: Path, train: int = 24, test: int = 16) -> None:
    """Utterance features in which the first number of the text is the label."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for split, count in (("train", train), ("test", test)):
        labels = random.integers(0, 2, count)
        for name, width in (("text", 5), ("audio", 4), ("video", 3)):
            arrays[f"{name}_{split}"] = random.normal(size=(count, width)).astype(np.float32)
        arrays[f"text_{split}"][:, 0] += 4.0 * labels - 2.0
        arrays[f"label_{split}"] = labels.astype(np.int8)
        arrays[f"video_id_{split}"] = np.array([f"{split}-{row // 4}" for row in range(count)])
    np.savez(folder / "mosi_acl17_utterance_features.npz", **arrays)


def write_mosi_texts(folder: Path, each: int = 8) -> None:
    """Transcripts with scores in the standard split."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(1)
    rows = ["id\ttext\tsentiment\tsplit"]
    for split in ("train", "valid", "test"):
        for number in range(each):
            score = round(float(random.uniform(-3, 3)), 1)
            said = "it was really good" if score > 0 else "it was really bad"
            rows.append(f"{split}{number // 4}_{number}\t{said}\t{score}\t{split}")
    (folder / "mosi_standard_split_text.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def voice_pools(*_arguments: object, **_options: object) -> dict[str, Pool]:
    """In place of what the voice head says of an hour of sound: one look at each emotion."""
    head = load_shipped("voice-emotion")
    width = head.tensors["weight"].shape[1] // head.metadata["layers"]
    draw = np.random.default_rng(0)

    def look(label: int) -> Look:
        opinion = np.full(len(EMOTIONS), 0.1, np.float32)
        opinion[label] = 0.4
        return Look(
            0.0,
            draw.standard_normal(width).astype(np.float32),
            opinion,
            np.full(len(POLARITIES), 1 / len(POLARITIES), np.float32),
            0.5,
        )

    labels = range(len(EMOTIONS))
    return {
        split: make_pool([[look(label)] for label in labels], labels)
        for split in ("train", "validation", "test")
    }
