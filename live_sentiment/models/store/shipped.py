"""The small weights we trained ourselves: one safetensors file and one card each, in this package.

The file's metadata carries, as one JSON object, what is needed to use the tensors (labels, temperature, class
prior, name and hash of the encoder they sit on) so that a file alone is enough, wherever it lies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from live_sentiment.core.errors import UsageError

if TYPE_CHECKING:
    import torch

TRAINED = Path(__file__).parent / "trained"
_METADATA_KEY = "live_sentiment"


@dataclass(frozen=True, slots=True)
class ShippedWeights:
    """Tensors of one trained part with their description."""

    name: str
    tensors: Mapping[str, torch.Tensor]
    metadata: Mapping[str, Any]
    sha256: str


def load_shipped(name_or_path: str) -> ShippedWeights:
    """Load trained weights by shipped name or from a .safetensors path.

    Raises:
        UsageError: no such weights, or the file is not one of ours.
    """
    path = Path(name_or_path)
    if path.suffix != ".safetensors":
        path = TRAINED / f"{name_or_path}.safetensors"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in TRAINED.glob("*.safetensors")))
        raise UsageError(
            f"no trained weights {name_or_path!r}; shipped are {names}, or give a .safetensors path"
        )
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[_METADATA_KEY])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise UsageError(f"{path} was not written by `live-sentiment train`: {error}") from error
    return ShippedWeights(path.stem, tensors, metadata, hashlib.sha256(path.read_bytes()).hexdigest())


def save_shipped(path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> None:
    """Write trained weights and their description; the bytes depend on nothing else."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    described = json.dumps(metadata, sort_keys=True)
    contiguous = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
    save_file(contiguous, path, metadata={_METADATA_KEY: described})
