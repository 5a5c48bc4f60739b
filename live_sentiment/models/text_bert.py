"""BERT from its file, in forty lines of torch: transformers' numbers without two seconds of importing it.

J. Devlin et al. 2019, "BERT: pre-training of deep bidirectional transformers for language understanding".
Importing transformers' BertModel brings in a compiler, a symbolic algebra system and some 190 MB of memory; a
session that starts within seconds needs none of it. Other architectures go through transformers (`encoder`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from live_sentiment.models.text_adapter import Adapter


def is_plain_bert(config: Mapping[str, Any]) -> bool:
    """Whether a transformers `config.json` describes a BERT that `Bert` computes exactly."""
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
    )


class Bert:
    """Token ids in, hidden states out; one segment, inference only.

    Args:
        config: the content of the model's `config.json`.
        file: its `model.safetensors`.
        device: where the weights go.
    """

    def __init__(self, config: Mapping[str, Any], file: Path, device: torch.device) -> None:
        from safetensors.torch import load_file

        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config["layer_norm_eps"]
        self._weights = {
            _name(key): tensor.float()
            for key, tensor in load_file(file, device=str(device)).items()
            if tensor.is_floating_point()
        }

    def adapt(self, adapter: Adapter) -> None:
        """Add an adapter's changes to the weights.

        Raises:
            KeyError: a layer that there is not.
        """
        for name, change in adapter.changes():
            weight = self._weights[f"{name}.weight"]
            self._weights[f"{name}.weight"] = weight + change.to(weight.device)

    @torch.inference_mode()
    def __call__(self, ids: Tensor, mask: Tensor | None = None) -> list[Tensor]:
        """Hidden states of the embedding and of each layer, float32 (B, T, width), of token ids (B, T).

        `mask` (B, T) is False on padding.
        """
        words, positions, segments = (
            self._weights[f"embeddings.{kind}_embeddings.weight"]
            for kind in ("word", "position", "token_type")
        )
        states = [self._norm(words[ids] + positions[: ids.shape[1]] + segments[0], "embeddings")]
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}"
            attended = self._linear(
                self._attention(states[-1], mask, f"{name}.attention.self"), f"{name}.attention.output.dense"
            )
            hidden = self._norm(states[-1] + attended, f"{name}.attention.output")
            inner = F.gelu(self._linear(hidden, f"{name}.intermediate.dense"))
            states.append(self._norm(hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output"))
        return states

    def _attention(self, hidden: Tensor, mask: Tensor | None, name: str) -> Tensor:
        query, key, value = (
            self._linear(hidden, f"{name}.{part}").view(*hidden.shape[:2], self._heads, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = None if mask is None else mask[:, None, None, :]
        return F.scaled_dot_product_attention(query, key, value, attn_mask=seen).transpose(1, 2).flatten(2)

    def _linear(self, inputs: Tensor, name: str) -> Tensor:
        return F.linear(inputs, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, inputs: Tensor, name: str) -> Tensor:
        weight, bias = (self._weights[f"{name}.LayerNorm.{kind}"] for kind in ("weight", "bias"))
        return F.layer_norm(inputs, weight.shape, weight, bias, self._epsilon)


def _name(key: str) -> str:
    """A tensor's name without what some checkpoints add: a prefix, and the names of BERT's first release."""
    return (
        key.removeprefix("bert.")
        .replace("LayerNorm.gamma", "LayerNorm.weight")
        .replace("LayerNorm.beta", "LayerNorm.bias")
    )
