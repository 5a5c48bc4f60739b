"""The whole state of a training in one file, so that it goes on as if it had never stopped.

Saved are what training changes, the optimiser, the schedule, every random generator, the place in the epoch
and the best state so far; what a frozen encoder brought along is not. Files are put in place whole, and read
without executing anything.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.state import load_trained, trainable_state
from live_sentiment.sinks.atomic import replace_file
from live_sentiment.training.experiments.model import ExperimentModel


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a state of plain values and tensors.

    Raises:
        OSError: the disk is full; the checkpoint before stays.
    """
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    replace_file(path, buffer.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The state that `save_checkpoint` wrote; None where there is none.

    Raises:
        UsageError: the file is damaged, or is no checkpoint.
    """
    if not path.is_file():
        return None
    # Torch's reader meets other bytes with errors of any kind; a torn archive lacks its end and is none.
    if not zipfile.is_zipfile(path):
        raise UsageError(f"{path} is no checkpoint; remove it to begin anew")
    state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    return state


def model_state(model: ExperimentModel) -> dict[str, Tensor]:
    """Copies of all that training changes, on the CPU."""
    state = {
        f"{part}.{name}": tensor.detach().cpu().clone()
        for part in ("heads", "fuser")
        for name, tensor in getattr(model, part).state_dict().items()
    }
    state["temperatures"] = model.temperatures.detach().cpu().clone()
    for modality in model.encoders:
        trained = trainable_state(model.encoder(modality))  # type: ignore[arg-type]
        state |= {f"encoders.{modality}.{name}": tensor for name, tensor in trained.items()}
    return state


def load_model_state(model: ExperimentModel, state: Mapping[str, Tensor]) -> None:
    """Back from `model_state`, into a model of the same configuration.

    An encoder of words makes its embeddings anew, so load before the optimiser is made.
    """
    for part in ("heads", "fuser"):
        getattr(model, part).load_state_dict(_below(state, f"{part}."))
    model.temperatures.copy_(state["temperatures"])
    for modality in model.encoders:
        load_trained(model.encoder(modality), _below(state, f"encoders.{modality}."))  # type: ignore[arg-type]


def random_state() -> dict[str, Any]:
    """Of every generator that a training may draw from, in this process."""
    legacy = np.random.get_state(legacy=False)
    assert isinstance(legacy, dict)
    numpy_state = legacy["state"]
    return {
        "python": random.getstate(),
        "numpy": {
            "key": torch.from_numpy(numpy_state["key"].astype(np.int64)),
            "pos": int(numpy_state["pos"]),
            "has_gauss": int(legacy["has_gauss"]),
            "gauss": float(legacy["gauss"]),
        },
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: Mapping[str, Any]) -> None:
    """Back from `random_state`."""
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    saved = state["numpy"]
    np.random.set_state(
        {
            "bit_generator": "MT19937",
            "state": {"key": saved["key"].numpy().astype(np.uint32), "pos": saved["pos"]},
            "has_gauss": saved["has_gauss"],
            "gauss": saved["gauss"],
        }
    )
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])


def seed_everything(seed: int) -> None:
    """Set every generator that a training may draw from."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _below(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): one for key, one in state.items() if key.startswith(prefix)}
