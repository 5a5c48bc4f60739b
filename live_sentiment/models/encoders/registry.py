"""Every encoder of experiments by modality and name; each is imported when it is asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Modality

if TYPE_CHECKING:
    import torch

    from live_sentiment.models.encoders.encoder import Encoder
    from live_sentiment.models.store.store import ModelStore

ENCODERS: Mapping[Modality, Mapping[str, str]] = {
    "text": {
        "transformer": "text_transformer",
        "word-lstm": "word_lstm",
        "word-attention": "word_attention",
    },
    "voice": {
        "whisper": "whisper",
        "wav2vec2": "wav2vec2",
        "mel-cnn": "mel_cnn",
        "mel-lstm": "mel_lstm",
    },
    "vision": {
        "face-expression": "face_expression",
        "resnet": "resnet",
        "vit": "vit",
        "small-cnn": "small_cnn",
    },
}
"""The module of this package that builds each."""


def build_encoder(
    modality: Modality, config: EncoderConfig, store: ModelStore, device: torch.device
) -> Encoder:
    """The encoder with its pretrained weights, if it has any, in evaluation mode on the device.

    What is from scratch starts at random: seed torch before.

    Raises:
        UsageError: no such encoder or source, settings that it does not have, or a library is missing.
        RunError: a model of the store cannot be had.
    """
    from live_sentiment.models.encoders.state import changing

    names = ENCODERS[modality]
    if config.name not in names:
        raise UsageError(f"no {modality} encoder {config.name!r}; there are {', '.join(names)}")
    module = importlib.import_module(f"live_sentiment.models.encoders.{names[config.name]}")
    encoder: Encoder = module.build(config, store)
    encoder.trained = changing(encoder)
    if encoder.source is None:
        _check_scratch(config)
        if config.tune == "frozen":
            encoder.requires_grad_(False)
    return encoder.to(device).eval()


def _check_scratch(config: EncoderConfig) -> None:
    if config.tune in {"last", "lora"}:
        raise UsageError(
            f"the encoder {config.name} starts from scratch here, so tune={config.tune!r} would leave "
            "most of it at random; give it a source, or leave tune out"
        )
