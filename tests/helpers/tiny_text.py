"""Tiny text encoders with random weights, saved to disk as transformers saves real ones."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, BertConfig, DistilBertConfig
from transformers.utils import logging

from live_sentiment.models.text_adapter import Adapter
from live_sentiment.models.text_encoder import TextEncoder

TEXT = """
i am so happy sad angry for you this is terrible hate it love the meeting at nine oh my god what happened
not we go home now and then . , ! ?
"""
# As the program does; threads that wait for each other cost more than such models compute.
torch.set_num_threads(1)
CPU = torch.device("cpu")
WIDTH = 16


def save_tokenizer(folder: Path) -> None:
    """Whole words and single letters; set to pad and cut, as real files often are."""
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789'"]
    whole = dict.fromkeys([*TEXT.split(), *letters])
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *whole, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=8)
    tokenizer.enable_truncation(8)
    tokenizer.save(str(folder / "tokenizer.json"))


def save_encoder(
    folder: Path, *, seed: int = 0, kind: str = "bert", width: int = WIDTH, positions: int = 64
) -> Path:
    """Save a two-layer "bert" or "distilbert" with its tokenizer, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_tokenizer(folder)
    torch.manual_seed(seed)
    if kind == "bert":
        config = BertConfig(
            vocab_size=200,
            hidden_size=width,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=positions,
            initializer_range=0.5,
        )
    else:
        config = DistilBertConfig(
            vocab_size=200, dim=width, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=positions
        )
    logging.disable_progress_bar()
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def some_adapter(*layers: str) -> Adapter:
    """Changes of rank 3 to layers of `save_encoder`'s BERT, scale 2; by default to two of them."""
    draw = torch.Generator().manual_seed(0)
    names = layers or ("encoder.layer.0.attention.self.query", "encoder.layer.1.attention.output.dense")
    return Adapter(
        {name: torch.randn(3, WIDTH, generator=draw).half() for name in names},
        {name: torch.randn(WIDTH, 3, generator=draw).half() for name in names},
        scale=2.0,
    )


def load_encoder(folder: Path, **arguments: int) -> TextEncoder:
    """Save a tiny BERT and load it as the program does."""
    return TextEncoder(save_encoder(folder, **arguments), CPU)
