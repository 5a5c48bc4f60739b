"""Every encoder as the tests build it, with raw samples of its modality."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.types import Modality
from live_sentiment.models.encoders.encoder import Encoder, Raw
from live_sentiment.models.encoders.registry import build_encoder
from live_sentiment.models.store.store import ModelStore

CPU = torch.device("cpu")
_noise = np.random.default_rng(0)
RAW: dict[Modality, list[Raw]] = {
    "text": ["i am so happy , so happy .", "this is terrible !", "not now"],
    "voice": [_noise.normal(0, 0.1, count).astype(np.float32) for count in (16000, 7100, 900)],
    "vision": [
        _noise.integers(0, 256, shape).astype(np.uint8) for shape in ((70, 70, 3), (48, 48), (20, 20, 3))
    ],
}


@dataclass(frozen=True)
class Case:
    """An encoder to build."""

    modality: Modality
    name: str
    kind: str | None = None
    """Which tiny network it starts from; None where it starts from scratch, or from what ships."""

    @property
    def id(self) -> str:
        return f"{self.name}-{self.kind}" if self.kind else self.name

    def config(self, networks: Path, **settings: Any) -> EncoderConfig:
        small: dict[str, Any] = {"size_px": 32} if self.modality == "vision" else {}
        if self not in PRETRAINED:
            small["width"] = 16
        source = str(networks / self.kind) if self.kind else None
        return EncoderConfig(name=self.name, source=source, **(small | settings))

    def build(self, networks: Path, store: ModelStore, **settings: Any) -> Encoder:
        torch.manual_seed(0)
        encoder = build_encoder(self.modality, self.config(networks, **settings), store, CPU)
        encoder.learn_words(2 * RAW["text"])
        return encoder


PRETRAINED = [
    Case("text", "transformer", "bert"),
    Case("text", "transformer", "roberta"),
    Case("voice", "whisper", "whisper"),
    Case("voice", "wav2vec2", "wav2vec2"),
    Case("voice", "wav2vec2", "wav2vec2-layered"),
    Case("voice", "wav2vec2", "hubert"),
    Case("voice", "wav2vec2", "wavlm"),
    Case("vision", "vit", "vit"),
    Case("vision", "resnet", "resnet"),
    Case("vision", "face-expression"),
]
SCRATCH = [
    Case("text", "word-lstm"),
    Case("text", "word-attention"),
    Case("voice", "mel-cnn"),
    Case("voice", "mel-lstm"),
    Case("vision", "vit"),
    Case("vision", "resnet"),
    Case("vision", "small-cnn"),
]
ALL = [*PRETRAINED, *SCRATCH]
IN_A_ROW = [case for case in PRETRAINED if case.name not in {"resnet", "face-expression"}]
"""Those whose layers are all of one width."""
DISTINCT = [case for case in PRETRAINED if case.kind not in {"roberta", "wav2vec2", "hubert"}]
"""One of each kind of network that is loaded and tuned in a way of its own."""
