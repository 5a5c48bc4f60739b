"""The shipped experts on the test sets that are published for their modality."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.models import compute
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.text_reader import load_reader
from live_sentiment.training.comparison.cells import Figures
from live_sentiment.training.data.corpora import read_corpus
from live_sentiment.training.data.face_data import VOTES, load_ferplus
from live_sentiment.training.data.samples import Sample
from live_sentiment.training.data.text_corpora import load_corpora
from live_sentiment.training.evaluation.figures import measure
from live_sentiment.training.evaluation.groups import by_group, collection
from live_sentiment.training.evaluation.predictions import Predictions
from live_sentiment.training.evaluation.shipped import alone, observe

Told = Callable[[int, int], None]
"""Told how much is done, and how much there is."""

ELSEWHERE = ("taiwan", "lfw-expr")
"""Collections of faces that taught nothing."""

PUBLISHED_MELD = (
    ("RoBERTa, text only", 0.6202, 0.7212),
    ("COSMIC, text only", 0.6521, 0.7320),
)
"""Name, weighted F1 of seven emotions, and of three sentiments."""
PUBLISHED_FERPLUS = ("VGG13 (Barsoum et al. 2016), eight classes", 0.8499)
PUBLISHED_FER2013 = (("VGG19, private test", 0.731), ("ResNet-18, private test", 0.730))


def measure_meld(data: Path, config: Config, store: ModelStore, told: Told) -> Figures:
    """Text alone on MELD's test split: each utterance by itself and, where the expert makes use of it, with
    what was said before it in its dialogue.

    Raises:
        UsageError: no MELD below `data`/text.
    """
    texts = load_corpora(data / "text").get("meld", {}).get("test")
    if texts is None or texts.emotions is None or texts.polarity is None:
        raise UsageError(f"no test split of MELD with emotions and sentiment in {data / 'text'}")
    named = config.perception.text
    device = compute.apply(config.compute)
    reader = load_reader(named, store.resolve(named.encoder), store, device, offline=store.offline)
    ways: dict[str, list[str]] = {"alone": [""] * len(texts.texts)}
    if reader.context_utterances and texts.before is not None:
        ways["in context"] = [" ".join(one[-reader.context_utterances :]) for one in texts.before]
    found: Figures = {"context_utterances": reader.context_utterances}
    done = 0
    for way, contexts in ways.items():
        emotions, polarity = [], []
        for text, before in zip(texts.texts, contexts, strict=True):
            _, one, other = reader(text, before)
            emotions.append(one)
            polarity.append(other)
            done += 1
            told(done, len(ways) * len(texts.texts))
        said = Predictions(
            tuple(map(str, range(len(texts.texts)))),
            emotion_probabilities=np.stack(emotions),
            polarity_probabilities=np.stack(polarity),
            emotion_labels=texts.emotions,
            polarity_labels=texts.polarity,
        )
        found[way] = _figures(said)
    return found


def measure_faces(data: Path, config: Config, store: ModelStore, told: Told) -> Figures:
    """The face expert on the test pictures of FERPlus and FER2013, aligned as in a session.

    - "clear": FERPlus, faces of which more than half of the annotators say the same emotion.
    - "all": FERPlus, faces on which an emotion leads, however narrowly; the first of equals counts.
    - "eight": the same and the faces on which contempt leads, which the network cannot say and always misses.
    - "fer2013": the challenge's own label, every test picture.
    - "elsewhere": test people of the collections that taught nothing, as far as they are there, by group.

    Raises:
        UsageError: no FERPlus in `data`/face.
    """
    pictures = load_ferplus(data / "face")["test"]
    plus = read_corpus("ferplus", data / "face").of("test").samples
    plain = read_corpus("fer2013", data / "face").of("test").samples
    elsewhere = [sample for name in ELSEWHERE for sample in _elsewhere(name, data / "face")]
    total = len(plus) + len(plain) + len(elsewhere)
    on_plus = alone(plus, "vision", observe(plus, "vision", config, store, lambda done: told(done, total)))
    on_plain = alone(
        plain, "vision", observe(plain, "vision", config, store, lambda done: told(len(plus) + done, total))
    )
    done = len(plus) + len(plain)
    seen = observe(elsewhere, "vision", config, store, lambda more: told(done + more, total))
    groups = by_group(alone(elsewhere, "vision", seen), elsewhere) if elsewhere else []
    emotions = np.asarray(on_plus.emotion_probabilities)
    rows = np.array([int(key.rpartition("/")[2]) for key in on_plus.keys])
    labels, clear = pictures.labels[rows], pictures.clear[rows]
    contempt = int((pictures.leading == VOTES.index("contempt")).sum())
    right = int((emotions.argmax(axis=1) == labels).sum())
    return {
        "clear": _figures(_of_classes(emotions[clear], labels[clear])),
        "all": _figures(_of_classes(emotions, labels)),
        "eight": {"accuracy": right / (len(labels) + contempt), "samples": len(labels) + contempt},
        "fer2013": _figures(on_plain),
        "elsewhere": [group.as_dict() for group in groups],
    }


def _elsewhere(name: str, data: Path) -> list[Sample]:
    """Test samples of a collection; none where it is not there."""
    with contextlib.suppress(UsageError):
        return collection(name, read_corpus(name, data).of("test").samples)
    return []


def _of_classes(emotions: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> Predictions:
    return Predictions(
        tuple(map(str, range(len(labels)))),
        emotion_probabilities=emotions,
        emotion_labels=np.eye(emotions.shape[1], dtype=np.float32)[labels],
    )


def _figures(said: Predictions) -> dict[str, Any]:
    """Every task's figures with intervals, and how many samples they are of."""
    return {
        one.task: {
            "samples": one.samples,
            **{name: asdict(estimate) for name, estimate in one.estimates.items()},
        }
        for one in measure(said)
    }
