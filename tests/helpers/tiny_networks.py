"""Tiny networks with random weights of every kind that encoders start from, saved as real ones are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import (
    BertConfig,
    BertModel,
    HubertConfig,
    HubertModel,
    PreTrainedModel,
    ResNetConfig,
    ResNetModel,
    RobertaConfig,
    RobertaModel,
    ViTConfig,
    ViTModel,
    Wav2Vec2Config,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
    WhisperConfig,
    WhisperModel,
)
from transformers.utils import logging

from tests.helpers.tiny_text import save_tokenizer

SHAPE = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "initializer_range": 0.3,
}
SOUND = {
    **SHAPE,
    "conv_dim": (8, 8, 8),
    "conv_kernel": (10, 8, 4),
    "conv_stride": (5, 8, 8),
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
GROUPED = {"feat_extract_norm": "group"}
LAYERED = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}


def _text(kind: Any, model: Any) -> PreTrainedModel:
    return model(kind(vocab_size=200, max_position_embeddings=40, pad_token_id=0, **SHAPE))


KINDS: Mapping[str, Callable[[], PreTrainedModel]] = {
    "bert": lambda: _text(BertConfig, BertModel),
    "roberta": lambda: _text(RobertaConfig, RobertaModel),
    "wav2vec2": lambda: Wav2Vec2Model(Wav2Vec2Config(**SOUND, **GROUPED)),
    "wav2vec2-layered": lambda: Wav2Vec2Model(Wav2Vec2Config(**SOUND, **LAYERED)),
    "hubert": lambda: HubertModel(HubertConfig(**SOUND, **GROUPED)),
    "wavlm": lambda: WavLMModel(WavLMConfig(**SOUND, **GROUPED, num_buckets=8, max_bucket_distance=16)),
    "whisper": lambda: WhisperModel(
        WhisperConfig(
            vocab_size=60,
            d_model=64,
            encoder_layers=3,
            encoder_attention_heads=1,
            encoder_ffn_dim=256,
            decoder_layers=1,
            decoder_attention_heads=1,
            decoder_ffn_dim=32,
            max_source_positions=1500,
            init_std=0.1,
            pad_token_id=0,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=1,
        )
    ),
    "resnet": lambda: ResNetModel(
        ResNetConfig(embedding_size=8, hidden_sizes=[8, 12, 16], depths=[1, 1, 1], layer_type="basic")
    ),
    "vit": lambda: ViTModel(ViTConfig(image_size=32, patch_size=16, **SHAPE)),
}


def save_network(
    folder: Path, kind: str, *, seed: int = 0, settings: Mapping[str, Any] | None = None
) -> Path:
    """Save a network, with a tokenizer where it reads text and with what its folder says of the input."""
    folder.mkdir(parents=True, exist_ok=True)
    logging.disable_progress_bar()
    torch.manual_seed(seed)
    KINDS[kind]().save_pretrained(folder)
    if kind in {"bert", "roberta"}:
        save_tokenizer(folder)
        described = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[PAD]"}
        (folder / "tokenizer_config.json").write_text(json.dumps(described))
    if settings is not None:
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    return folder
