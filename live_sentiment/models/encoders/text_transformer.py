"""Text by a transformer of the BERT family: whatever transformers loads as an encoder of tokens."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.libraries import load_transformers
from live_sentiment.models.encoders.encoder import Encoded, Raw, as_text
from live_sentiment.models.encoders.pretrained import TransformersEncoder, load_network
from live_sentiment.models.encoders.source import Source, fetch_source
from live_sentiment.models.store.store import ModelStore

DEFAULT_SOURCE = "all-minilm-l6-v2"
_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")


class TextTransformer(TransformersEncoder):
    """One embedding a token, the special ones included; no clock."""

    modality = "text"

    def __init__(self, config: EncoderConfig, source: Source, network: nn.Module, tokenizer: Any) -> None:
        super().__init__(config, source, network)
        # The pooler looks at the first token only, and nobody looks at it.
        if getattr(network, "pooler", None) is not None:
            self.network.pooler = None
        described: Any = self.network.config
        self.dim = described.hidden_size
        self._pad = described.pad_token_id or 0
        self._tokenizer = tokenizer
        # RoBERTa and its kin keep two positions for themselves.
        positions = getattr(described, "max_position_embeddings", None) or config.max_tokens + 2
        self.max_length = min(config.max_tokens, positions - 2)

    def prepare(self, raw: Raw) -> Tensor:
        """Token ids, int64 (L,)."""
        ids = self._tokenizer(as_text(raw), truncation=True, max_length=self.max_length)["input_ids"]
        return torch.tensor(ids)

    def forward(self, inputs: Tensor, mask: Tensor) -> Encoded:
        """See `Encoder`."""
        ids = inputs.masked_fill(~mask, self._pad)

        def run() -> Tensor:
            hidden: Tensor = self.network(input_ids=ids, attention_mask=mask.long()).last_hidden_state
            return hidden

        embeddings = self.layers(run).float()
        return Encoded(embeddings, mask, torch.zeros(mask.shape, device=mask.device))


def build(config: EncoderConfig, store: ModelStore) -> TextTransformer:
    """The transformer and its tokenizer.

    Raises:
        UsageError: no such source, or no text encoder that transformers loads.
        RunError: a model of the store cannot be had.
    """
    source = fetch_source(config.source or DEFAULT_SOURCE, store)
    network = load_network(source, config)
    # Without any of its files transformers would make up a tokenizer that knows no word.
    if not any(any(source.folder.glob(pattern)) for pattern in _VOCABULARIES):
        raise UsageError(f"the text encoder {source.name} has no tokenizer in {source.folder}")
    try:
        tokenizer = load_transformers().AutoTokenizer.from_pretrained(
            source.folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
        raise UsageError(f"the text encoder {source.name} has no tokenizer to load: {error}") from error
    return TextTransformer(config, source, network, tokenizer)
