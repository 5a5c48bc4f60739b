"""The fusers by name, how they are saved, and how one is put together with its trained weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.config import LearntConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import MODALITIES, Expert, Modality
from live_sentiment.fusion.cores import CORES
from live_sentiment.fusion.fuser import Fuser
from live_sentiment.fusion.learnt import LearntFuser
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.models.store.shipped import ShippedWeights, save_shipped

PRODUCT_OF_EXPERTS = "product-of-experts"

FUSERS: Mapping[str, Callable[[Mapping[Modality, Expert]], Fuser]] = {
    PRODUCT_OF_EXPERTS: ProductOfExperts,
    **{core: partial(LearntFuser, config=LearntConfig(core=core)) for core in CORES},
}
"""What `fusion.fuser` may name, as it is without other settings. One weights file may hold several: a tensor
is named `<fuser>.<parameter>`."""


def save_fusers(
    path: Path,
    fusers: Mapping[str, Fuser],
    experts: Mapping[Modality, Expert],
    metadata: Mapping[str, Any],
) -> None:
    """Write fusers, by their names in FUSERS, with what is needed to make them again, and more `metadata`."""
    tensors = {
        f"{name}.{key}": tensor
        for name, fuser in fusers.items()
        for key, tensor in fuser.state_dict().items()
    }
    learnt = {
        name: fuser.config.model_dump(mode="json")
        for name, fuser in fusers.items()
        if isinstance(fuser, LearntFuser)
    }
    described = {modality: describe_expert(expert) for modality, expert in experts.items()}
    save_shipped(path, tensors, {**metadata, "experts": described, "fusers": learnt})


def build_fuser(name: str, experts: Sequence[Expert], weights: ShippedWeights) -> Fuser:
    """The fuser of this name with trained weights, ready for inference.

    A session may run fewer experts than there are modalities; the others, described in the weights, fill
    their places and are always absent.

    Raises:
        UsageError: the weights hold no such fuser, or were trained on other heads.
    """
    tensors = {
        key.removeprefix(f"{name}."): tensor
        for key, tensor in weights.tensors.items()
        if key.startswith(f"{name}.")
    }
    if not tensors:
        raise UsageError(
            f"the weights {weights.name!r} hold no fuser {name!r}; "
            "train it, and name the file with --set fusion.weights=FILE"
        )
    trained_on = described_experts(weights.metadata["experts"])
    here = {expert.modality: expert for expert in experts}
    if name == PRODUCT_OF_EXPERTS:
        fuser: Fuser = ProductOfExperts({**trained_on, **here})
        # The experts' own priors belong to the heads in use, not to those at training time ...
        tensors |= expert_buffers(fuser)
        # ... and so do what corrects them.
        same = torch.tensor(
            [here.get(one, trained_on[one]).sha256 == trained_on[one].sha256 for one in MODALITIES]
        )
        for key in ("emotion_offsets", "polarity_offsets"):
            tensors[key] = tensors.get(key, fuser.state_dict()[key]) * same[:, None]
    else:
        config = LearntConfig.model_validate(weights.metadata["fusers"][name])
        for modality in config.modalities:
            _check_same(name, trained_on[modality], here.get(modality))
        # What it does not read may be of any size in the session.
        fuser = LearntFuser({**trained_on, **here}, config)
    fuser.load_state_dict(tensors)
    return fuser.eval()


def _check_same(name: str, trained_on: Expert, here: Expert | None) -> None:
    """A learnt fuser reads embeddings, and so is good only for the very heads it was trained on."""
    if here is not None and here.sha256 != trained_on.sha256:
        raise UsageError(
            f"the fuser {name!r} was trained on the {here.modality} head {trained_on.model}, "
            f"not on this {here.model}; train it again, or use --set fusion.fuser={PRODUCT_OF_EXPERTS}"
        )


def expert_buffers(fuser: Fuser) -> dict[str, Tensor]:
    """The buffers that say which experts a fuser was made for."""
    return {key: one for key, one in fuser.state_dict().items() if key.startswith("log_expert_")}


def describe_expert(expert: Expert) -> dict[str, Any]:
    """An expert as JSON, for the metadata of trained weights."""
    return {
        "embedding_dim": expert.embedding_dim,
        "emotion_prior": [float(one) for one in expert.emotion_prior],
        "polarity_prior": [float(one) for one in expert.polarity_prior],
        "model": expert.model,
        "sha256": expert.sha256,
    }


def described_experts(described: Mapping[Modality, Mapping[str, Any]]) -> dict[Modality, Expert]:
    """Back from `describe_expert`, per modality."""
    return {
        modality: Expert(
            modality,
            one["embedding_dim"],
            np.array(one["emotion_prior"], np.float32),
            np.array(one["polarity_prior"], np.float32),
            one["model"],
            one["sha256"],
        )
        for modality, one in described.items()
    }
