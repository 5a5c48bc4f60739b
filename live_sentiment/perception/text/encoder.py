"""A transformer encoder by name: text in, one embedding out.

The embedding is the mean of the hidden states over the tokens and over the upper half of the layers. The
last layer alone knows what is spoken of; how it is said stands lower. (MELD, development set,
all-MiniLM-L6-v2: a head on the last layer reaches weighted F1 51 for emotions and 64 for sentiment, on
layers 3 to 6 of 6 it is 53 and 66.)

The name is a local folder in the layout transformers saves, or a repository of a model hub. Weights are read
from safetensors only, and no code of a model is ever run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor

from live_sentiment.errors import UsageError
from live_sentiment.perception.text.bert import Bert, is_plain_bert
from live_sentiment.types import FloatArray

MAX_TOKENS = 96
"""Longest input, about 70 words: bounds the time of one word and the memory of a talk without a pause."""

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
        folder = _folder(source, offline)
        self._device = device
        try:
            files = sorted(folder.glob("model*.safetensors"))
            if not files:
                raise UsageError(
                    f"the text encoder {source} has no model.safetensors; no other format is read"
                )
            self.sha256 = _sha256(files)
            """Hash of the weights: tells which head fits."""
            self._tokenize = _load_tokenizer(folder)
            self._states, positions = _load_model(folder, files, device)
            # RoBERTa and its kin keep two positions for themselves.
            self.max_tokens: int = min(MAX_TOKENS, positions - 2)
            # A pass over nothing: what a file lacks is missed here and not at the first word.
            self.hidden_size: int = self.embed(self.tokens("")).shape[0]
        except (OSError, ValueError, KeyError, IndexError, RuntimeError, SafetensorError) as error:
            raise UsageError(f"cannot load the text encoder {source}: {error}") from error

    def tokens(self, text: str) -> list[int]:
        """Token ids of a text with the special ones around it, however many."""
        return self._tokenize(text)

    @torch.inference_mode()
    def embed(self, tokens: Sequence[int]) -> FloatArray:
        """The embedding of one tokenised text, float32 (hidden_size,); past `max_tokens` it is not read."""
        ids = torch.tensor([tokens[: self.max_tokens]], device=self._device)
        embedding: FloatArray = self._upper(ids, None)[0].mean(dim=0).cpu().numpy()
        return embedding

    @torch.inference_mode()
    def embed_batch(self, texts: Sequence[str]) -> FloatArray:
        """Embeddings of several texts at once, float32 (N, hidden_size): several times faster, for training.

        Differs from `embed` in the last bits.
        """
        rows = [torch.tensor(self.tokens(text)[: self.max_tokens]) for text in texts]
        ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).to(self._device)
        lengths = torch.tensor([len(row) for row in rows], device=self._device)
        mask = torch.arange(ids.shape[1], device=self._device) < lengths[:, None]
        hidden = self._upper(ids, mask).masked_fill(~mask[:, :, None], 0.0)
        embeddings: FloatArray = (hidden.sum(dim=1) / lengths[:, None]).cpu().numpy()
        return embeddings

    def _upper(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        """Mean over the upper half of the layers, float32 (B, T, hidden_size)."""
        states = self._states(ids, mask)
        return torch.stack(tuple(states[len(states) // 2 :])).float().mean(dim=0)


def _folder(source: str | Path, offline: bool) -> Path:
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download

    try:
        # Only what is read here: a repository often holds the same weights in five formats.
        return Path(snapshot_download(str(source), allow_patterns=_HUB_FILES, local_files_only=offline))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(
            f"no text encoder {str(source)!r}: no folder, and not on the hub ({reason})"
        ) from error


def _sha256(files: Sequence[Path]) -> str:
    """SHA-256 of a single file's content; of several, the SHA-256 of theirs."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _load_model(
    folder: Path, files: Sequence[Path], device: torch.device
) -> tuple[Callable[[Tensor, Tensor | None], Sequence[Tensor]], int]:
    """A function from ids and mask, both (B, T), to the hidden states of all layers; and its longest T."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if is_plain_bert(config) and len(files) == 1:
        return Bert(config, files[0], device), config["max_position_embeddings"]
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()
    model = AutoModel.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
    )
    model.eval().requires_grad_(False).to(device)

    def states(ids: Tensor, mask: Tensor | None) -> Sequence[Tensor]:
        hidden: Sequence[Tensor] = model(
            input_ids=ids, attention_mask=mask, output_hidden_states=True
        ).hidden_states
        return hidden

    return states, getattr(model.config, "max_position_embeddings", MAX_TOKENS + 2)


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
    from transformers import AutoTokenizer

    slow = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return lambda text: list(slow(text)["input_ids"])
