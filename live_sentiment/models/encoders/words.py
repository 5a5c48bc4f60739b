"""Words as a network from scratch reads them: a vocabulary of the training texts, and an embedding of each.

The vocabulary lies beside the embeddings as a tensor of its UTF-8 bytes, so that it is saved and loaded with
the weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.encoder import Encoder, Raw, as_text

PADDING, UNKNOWN = 0, 1
"""Word numbers that stand for no word and for every word that is not in the vocabulary."""
MIN_COUNT = 2
"""Words that the training texts use less often stay unknown: so that there is something unknown to learn."""
_SPREAD = 0.1
"""Deviation of the embeddings at the start."""
_WORD = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")


def split_words(text: str) -> list[str]:
    """Lower-case words and punctuation marks.

    >>> split_words("Oh, don't!")
    ['oh', ',', "don't", '!']
    """
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


class WordTable(nn.Module):
    """An embedding of each word; without any until `learn` or `load_state_dict` brings the words.

    Args:
        width: size of an embedding.
        max_words: largest vocabulary.
    """

    words: Tensor

    def __init__(self, width: int, max_words: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, width))
        self.register_buffer("words", torch.zeros(0, dtype=torch.uint8))
        self._max_words = max_words
        self._numbers: dict[str, int] = {}

    def learn(self, texts: Iterable[str]) -> None:
        """Take the vocabulary from texts; the embeddings start anew.

        Raises:
            UsageError: no word occurs twice.
        """
        counts = Counter(word for text in texts for word in split_words(text))
        often = sorted((word for word in counts if counts[word] >= MIN_COUNT), key=lambda w: (-counts[w], w))
        if not often:
            raise UsageError("no word occurs twice in the training texts: there is nothing to learn from")
        self._take("\n".join(often[: self._max_words]).encode())

    def numbers(self, text: str) -> list[int]:
        """Word numbers of a text.

        Raises:
            ValueError: there is no vocabulary yet.
        """
        if not self._numbers:
            raise ValueError("this encoder knows no word yet: give it the training texts with learn_words")
        return [self._numbers.get(word, UNKNOWN) for word in split_words(text)]

    def forward(self, numbers: Tensor) -> Tensor:
        """Word numbers (B, L) to embeddings (B, L, width)."""
        return functional.embedding(numbers, self.weight, padding_idx=PADDING)

    def _take(self, words: bytes) -> None:
        self.words = torch.frombuffer(bytearray(words), dtype=torch.uint8).to(self.weight.device)
        self._numbers = {word: 2 + place for place, word in enumerate(words.decode().split("\n"))}
        rows = torch.randn(2 + len(self._numbers), self.weight.shape[1]) * _SPREAD
        rows[PADDING] = 0.0
        self.weight = nn.Parameter(rows.to(self.weight.device), requires_grad=self.weight.requires_grad)

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        saved = state_dict.get(f"{prefix}words")
        if saved is not None and len(saved):
            self._take(bytes(saved.cpu().numpy().tobytes()))
        super()._load_from_state_dict(state_dict, prefix, *rest)


class WordEncoder(Encoder):
    """Base of the encoders that embed words themselves."""

    modality = "text"

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__(config)
        self.dim = config.width
        self.max_length = config.max_tokens
        self.table = WordTable(config.width, config.max_words)
        self.dropout = nn.Dropout(config.dropout)

    def learn_words(self, texts: Iterable[str]) -> None:
        """See `Encoder`.

        Raises:
            UsageError: no word occurs twice in the texts.
        """
        self.table.learn(texts)

    def prepare(self, raw: Raw) -> Tensor:
        """Word numbers, int64 (L,)."""
        return torch.tensor(self.table.numbers(as_text(raw))[: self.max_length])
