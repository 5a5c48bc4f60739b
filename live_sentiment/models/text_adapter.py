"""Low-rank changes to an encoder's weights, as a trained head brings them along.

    W  <-  W + scale * B A

E. J. Hu et al. 2022, "LoRA: low-rank adaptation of large language models". The changes are added to the
weights when they are loaded, so that an adapted encoder computes what the plain one does, in the same time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

_PREFIX = "adapter."


@dataclass(frozen=True, slots=True)
class Adapter:
    """Low-rank changes of linear layers, by the layers' names in the model that transformers loads."""

    down: Mapping[str, Tensor]
    """A of each layer, shape (rank, inputs)."""
    up: Mapping[str, Tensor]
    """B of each layer, shape (outputs, rank)."""
    scale: float

    def changes(self) -> Iterator[tuple[str, Tensor]]:
        """What is added to the weight of each layer, float32 (outputs, inputs)."""
        for name, down in self.down.items():
            yield name, self.scale * (self.up[name].float() @ down.float())

    @property
    def sha256(self) -> str:
        """Hash of the changes: tells embeddings of differently adapted encoders apart."""
        digest = hashlib.sha256(str(self.scale).encode())
        for name, tensor in sorted(self.tensors().items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def tensors(self) -> dict[str, Tensor]:
        """What is kept of it in a file, in half precision, finer than training settles it."""
        named = {f"{_PREFIX}{name}.down": tensor for name, tensor in self.down.items()}
        named |= {f"{_PREFIX}{name}.up": tensor for name, tensor in self.up.items()}
        return {name: tensor.to(torch.float16) for name, tensor in named.items()}


def split_adapter(tensors: Mapping[str, Tensor], scale: float) -> tuple[dict[str, Tensor], Adapter | None]:
    """Tell the tensors of a head's file from those of its adapter; None where it has none."""
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith(_PREFIX)}
    sides: dict[str, dict[str, Tensor]] = {"down": {}, "up": {}}
    for name, tensor in tensors.items():
        if name.startswith(_PREFIX):
            layer, _, side = name.removeprefix(_PREFIX).rpartition(".")
            sides[side][layer] = tensor
    return own, Adapter(sides["down"], sides["up"], scale) if sides["down"] else None
