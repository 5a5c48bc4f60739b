"""A transformer encoder by name: text in, one embedding out.

The embedding is the mean of the hidden states over the tokens and over the upper half of the layers. The
last layer alone knows what is spoken of; how it is said stands lower. (MELD, development set,
all-MiniLM-L6-v2: a head on the last layer reaches weighted F1 51 for emotions and 64 for sentiment, on
layers 3 to 6 of 6 it is 53 and 66.)

The name is a local folder in the layout transformers saves, or a repository of a model hub. Weights are read
from safetensors only, and no code of a model is ever run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import torch
from safetensors import SafetensorError
from torch import Tensor

from live_sentiment.core.config import ModelsConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.libraries import load_transformers
from live_sentiment.core.types import FloatArray
from live_sentiment.models.store.integrity import sha256_of_all
from live_sentiment.models.store.store import ModelStore
from live_sentiment.models.text_adapter import Adapter
from live_sentiment.models.text_bert import Bert, is_plain_bert

MAX_TOKENS = 96
"""Longest input, about 70 words: bounds the time of one word and the memory of a talk without a pause."""

CONTEXT_TOKENS = 32
"""Most of what was said before that is read with a text: bounds what context adds to the time of a word."""

_HUB_FILES = ["*.json", "*.txt", "*.model", "model*.safetensors"]


class TextEncoder:
    """Reads one text at a time, so that an embedding depends on its text and on nothing else.

    In a batch the padding changes the last bits, and with them the timeline's bytes.

    Args:
        source: a folder with config.json, model.safetensors and tokenizer, or the name of a hub repository.
        device: where it computes.
        offline: look for a repository among those already downloaded only.

    Raises:
        UsageError: no such folder or repository, or not an encoder that transformers loads.
    """

    def __init__(self, source: str | Path, device: torch.device, *, offline: bool = False) -> None:
        self.folder = folder = _folder(source, offline)
        self._device = device
        try:
            files = sorted(folder.glob("model*.safetensors"))
            if not files:
                raise UsageError(
                    f"the text encoder {source} has no model.safetensors; no other format is read"
                )
            self.sha256 = sha256_of_all(files)
            """Hash of the weights as loaded: tells which head fits."""
            self.version = self.sha256
            """Hash of the weights as they compute now: tells which embeddings are of one kind."""
            self._tokenize = _load_tokenizer(folder)
            self._model, positions = _load_model(folder, files, device)
            # RoBERTa and its kin keep two positions for themselves.
            self.max_tokens: int = min(MAX_TOKENS, positions - 2)
            # A pass over nothing: what a file lacks is missed here and not at the first word.
            self.hidden_size: int = self.embed(self.tokens("")).shape[0]
        except (OSError, ValueError, KeyError, IndexError, RuntimeError, SafetensorError) as error:
            raise UsageError(f"cannot load the text encoder {source}: {error}") from error

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text with the special ones around it, however many."""
        return self._tokenize(text)

    def joined(self, tokens: Sequence[int], context: Sequence[int] = ()) -> tuple[list[int], int]:
        """Tokens of a text behind the newest tokens of its context, within the limits.

        Returns:
            The token ids, begun and parted by the special tokens of the two: `[CLS] context [SEP] text
            [SEP]`; and how many of them, from the second on, are context.
        """
        room = min(CONTEXT_TOKENS, self.max_tokens - len(tokens) - 1)
        newest = context[1:-1][-room:] if room > 0 else ()
        if not newest:
            return list(tokens[: self.max_tokens]), 0
        return [tokens[0], *newest, context[-1], *tokens[1:]], len(newest) + 1

    def again(self) -> TextEncoder:
        """The encoder as its files have it, without what adapted it since."""
        return TextEncoder(self.folder, self._device)

    def adapt(self, adapter: Adapter) -> None:
        """Change the weights as a head wants that was trained together with them; once.

        Raises:
            ValueError: they were changed before, or the adapter is for other layers.
        """
        if self.version != self.sha256:
            raise ValueError("this text encoder was adapted before: load it again")
        try:
            self._model.adapt(adapter)
        except (KeyError, AttributeError, RuntimeError) as error:
            raise ValueError(f"the adapter is for other layers than this encoder has: {error}") from error
        self.version = f"{self.sha256}+{adapter.sha256}"

    @torch.inference_mode()
    def embed(self, tokens: Sequence[int], context: Sequence[int] = ()) -> FloatArray:
        """The embedding of one tokenised text, float32 (hidden_size,); past `max_tokens` it is not read.

        Args:
            tokens: of the text, from `tokens`.
            context: likewise of what was said before it; read, but no part of the mean.
        """
        ids, skipped = self.joined(tokens, context)
        hidden = self._upper(torch.tensor([ids], device=self._device), None)[0]
        if skipped:
            hidden = torch.cat([hidden[:1], hidden[skipped + 1 :]])
        embedding: FloatArray = hidden.mean(dim=0).cpu().numpy()
        return embedding

    @torch.inference_mode()
    def embed_batch(self, texts: Sequence[str], contexts: Sequence[str] | None = None) -> FloatArray:
        """Embeddings of several texts at once, float32 (N, hidden_size): several times faster, for training.

        Differs from `embed` in the last bits.
        """
        rows = [
            self.joined(self.tokens(text), self.tokens(context) if context else ())
            for text, context in zip(texts, contexts or [""] * len(texts), strict=True)
        ]
        tokens = [torch.tensor(ids) for ids, _ in rows]
        ids = torch.nn.utils.rnn.pad_sequence(tokens, batch_first=True).to(self._device)
        mask, read = masks([len(ids) for ids, _ in rows], [skipped for _, skipped in rows])
        hidden = self._upper(ids, mask.to(self._device))
        share = (read / read.sum(dim=1, keepdim=True)).to(self._device)
        embeddings: FloatArray = (hidden * share[:, :, None]).sum(dim=1).cpu().numpy()
        return embeddings

    def _upper(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Mean over the upper half of the layers, float32 (B, T, hidden_size)."""
        states = self._model(ids, mask)
        return torch.stack(tuple(states[len(states) // 2 :])).float().mean(dim=0)


def masks(lengths: Sequence[int], skipped: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Where a padded batch holds tokens, and where tokens of the texts themselves; both bool (B, T).

    Args:
        lengths: tokens of each row.
        skipped: how many of them, from the second on, are context.
    """
    place = torch.arange(max(lengths))
    mask = place < torch.tensor(lengths)[:, None]
    return mask, mask & ((place == 0) | (place > torch.tensor(skipped)[:, None]))


def _folder(source: str | Path, offline: bool) -> Path:
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download

    name = str(source)

    def fetch(revision: str | None, offline: bool) -> Path:
        # Only what is read here: a repository often holds the same weights in five formats.
        return Path(
            snapshot_download(name, revision=revision, allow_patterns=_HUB_FILES, local_files_only=offline)
        )

    try:
        return ModelStore(ModelsConfig(offline=offline)).from_hub(name, "text", fetch)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(
            f"no text encoder {str(source)!r}: no folder, and not on the hub ({reason})"
        ) from error


class _Model(Protocol):
    """Token ids and mask, both (B, T), in; hidden states of all layers out."""

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Sequence[Tensor]: ...

    def adapt(self, adapter: Adapter) -> None: ...


class _Transformers:
    """Any encoder of transformers."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self._model = load_transformers().AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        )
        self._model.eval().requires_grad_(False).to(device)
        self.positions: int = getattr(self._model.config, "max_position_embeddings", MAX_TOKENS + 2)

    def __call__(self, ids: Tensor, mask: Tensor | None) -> Sequence[Tensor]:
        read = self._model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        hidden: Sequence[Tensor] = read.hidden_states
        return hidden

    def adapt(self, adapter: Adapter) -> None:
        for name, change in adapter.changes():
            weight = self._model.get_submodule(name).weight
            weight += change.to(weight.device)


def _load_model(folder: Path, files: Sequence[Path], device: torch.device) -> tuple[_Model, int]:
    """The encoder, and the most tokens that it has positions for."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if is_plain_bert(config) and len(files) == 1:
        return Bert(config, files[0], device), config["max_position_embeddings"]
    model = _Transformers(folder, device)
    return model, model.positions


def _load_tokenizer(folder: Path) -> Callable[[str], list[int]]:
    if (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # Nothing narrower is raised by tokenizers.
            raise ValueError(f"tokenizer.json: {error}") from error
        # A saved tokenizer may pad and cut to the lengths of its training.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return lambda text: list(tokenizer.encode(text).ids)
    slow = load_transformers().AutoTokenizer.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False
    )
    return lambda text: list(slow(text)["input_ids"])
