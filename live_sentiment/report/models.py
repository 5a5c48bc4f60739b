"""Which models made the result, under which licences, and what their cards say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live_sentiment.models.store.manifest import load_manifest
from live_sentiment.models.store.shipped import TRAINED
from live_sentiment.models.store.store import FACE_DETECTOR

OWN_LICENCE = "Apache-2.0; some of its training data is for research or non-commercial use, see its card"
PARTS: Mapping[str, str] = {
    "speech": "speech to text",
    "text": "emotion of words",
    "voice": "emotion of the voice",
    "vision": "emotion of the face",
    "fusion": "fusion of the three",
}


@dataclass(frozen=True, slots=True)
class Credit:
    """One model that had a part in the result."""

    part: str
    """What it did."""
    name: str
    licence: str
    origin: str
    """Who holds the rights, and what it was trained on."""


@dataclass(frozen=True, slots=True)
class Card:
    """The model card of weights that come with this package."""

    name: str
    text: str
    """The whole card, in Markdown."""
    limits: tuple[str, ...]
    """What it says the model cannot do, one sentence or more each."""


def credits_of(header: Mapping[str, Any]) -> tuple[Credit, ...]:
    """The models that a timeline's header names, and those that go with them."""
    return tuple(dict.fromkeys(_credits(header)))


def cards_of(header: Mapping[str, Any]) -> tuple[Card, ...]:
    """The cards of the shipped weights that a timeline's header names."""
    named = " ".join(named for _, named in _named(header))
    return tuple(_card(path) for path in sorted(TRAINED.glob("*.md")) if path.stem in named)


def _credits(header: Mapping[str, Any]) -> Iterator[Credit]:
    manifest = load_manifest()
    shipped = {path.stem for path in TRAINED.glob("*.safetensors")}
    for key, named in _named(header):
        part = PARTS.get(key, key)
        known = [name for name in (*manifest, *shipped) if _mentions(named, name)]
        if key == "vision":
            known.insert(0, FACE_DETECTOR)
        for name in known:
            if name in shipped:
                yield Credit(part, name, OWN_LICENCE, "trained for live-sentiment")
                continue
            model = manifest[name]
            does = "finding faces" if name == FACE_DETECTOR else part
            yield Credit(does, name, model.licence, f"{model.holder}; trained on {model.training_data}")
        if not known:
            yield Credit(part, named, "not known here", "chosen by whoever ran the analysis")


def _named(header: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the header says did what."""
    for part, named in header.get("models", {}).items():
        yield str(part), str(named)
    weights = header.get("settings", {}).get("fusion", {}).get("weights")
    if weights:
        yield "fusion", str(weights)


def _mentions(named: str, name: str) -> bool:
    """Whether the name stands there as a whole: `whisper-base` is not in `whisper-base.en`."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", named) is not None


def _card(path: Path) -> Card:
    text = path.read_text(encoding="utf-8")
    section = re.search(r"^## Limits.*?\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    items = re.findall(r"^- (.*?)(?=^- |\Z)", section[1] if section else "", flags=re.MULTILINE | re.DOTALL)
    return Card(path.stem, text, tuple(" ".join(item.split()).replace("`", "") for item in items))
