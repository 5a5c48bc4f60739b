"""The fusers by name, and how one is put together with its trained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from live_sentiment.errors import UsageError
from live_sentiment.fusion.cross_attention import CrossAttention
from live_sentiment.fusion.fuser import Fuser
from live_sentiment.fusion.product_of_experts import ProductOfExperts
from live_sentiment.types import Expert, Modality
from live_sentiment.weights.shipped import ShippedWeights

FUSERS: Mapping[str, type[Fuser]] = {
    "product-of-experts": ProductOfExperts,
    "cross-attention": CrossAttention,
}
"""What `fusion.fuser` may name. One weights file holds all of them: a tensor is named
`<fuser>.<parameter>`."""

NEEDS_EMBEDDINGS = frozenset({"cross-attention"})
"""Fusers that read embeddings and so are good only for the very heads they were trained on."""


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
            f"the weights {weights.name!r} hold no fuser {name!r}; run `live-sentiment train fusion`"
        )
    trained_on = described_experts(weights.metadata["experts"])
    here = {expert.modality: expert for expert in experts}
    if name in NEEDS_EMBEDDINGS:
        for modality, expert in here.items():
            if expert.sha256 != trained_on[modality].sha256:
                raise UsageError(
                    f"the fuser {name!r} was trained on the {modality} head {trained_on[modality].model}, "
                    f"not on this {expert.model}; run `live-sentiment train fusion`, "
                    "or use --set fusion.fuser=product-of-experts"
                )
    fuser = FUSERS[name]({**trained_on, **here})
    # The experts' own priors belong to the heads in use, not to those at training time.
    fuser.load_state_dict({**tensors, **expert_buffers(fuser)})
    return fuser.eval()


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
