"""The card that lies beside the fusers' weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from live_sentiment.core.markdown import prose, table
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Expert, Modality
from live_sentiment.fusion.batch import SUBSETS
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR, Fuser
from live_sentiment.fusion.product_of_experts import HIGHEST_WEIGHT
from live_sentiment.fusion.registry import PRODUCT_OF_EXPERTS

_TEXTS = prose(__package__, "fusion")


def card(
    metadata: Mapping[str, Any],
    experts: Mapping[Modality, Expert],
    fusers: Mapping[str, Fuser],
    *,
    rows: str,
    contradictions: str,
    command: str,
) -> str:
    """The card in Markdown, from the weights' metadata, the fusers, and the tables of results."""
    words = prose(__package__, "fusion", "synthetic" if metadata["synthetic"] else "recorded")
    seeds = len(metadata["validation_losses"][PRODUCT_OF_EXPERTS])
    sizes = {name: sum(one.numel() for one in fuser.parameters()) for name, fuser in fusers.items()}
    return _TEXTS["card"].format(
        **{key: text for key, text in words.items() if key != "process"},
        process=words["process"].format(
            misled=metadata["misled"],
            prior=_shares(EMOTIONS, EMOTION_PRIOR),
            polarity_prior=_shares(POLARITIES, POLARITY_PRIOR),
        ),
        names=", ".join(name.replace("-", " ") for name in fusers),
        count=len(fusers),
        sizes=", ".join(f"`{name}` ({size:,} numbers)" for name, size in sizes.items()),
        winner=metadata["winner"],
        sources="\n".join(f"- {what}: {source}" for what, source in metadata["sources"].items()),
        samples="; ".join(
            f"{split} " + ", ".join(f"{count} {modality}" for modality, count in counts.items())
            for split, counts in metadata["samples"].items()
        ),
        heads=", ".join(f"{one.model} (SHA-256 {one.sha256[:12]}…)" for one in experts.values()),
        highest_weight=HIGHEST_WEIGHT,
        weights=_weights(fusers[PRODUCT_OF_EXPERTS].state_dict()["emotion_weights"]),
        offsets=_offsets(fusers[PRODUCT_OF_EXPERTS].state_dict()["emotion_offsets"]),
        steps=metadata["schedule"]["steps"],
        batch=metadata["schedule"]["batch"],
        choice=_choice(metadata),
        seeds=seeds,
        rows=rows,
        contradictions=contradictions,
        command=command,
    )


def _choice(metadata: Mapping[str, Any]) -> str:
    """What the choice rests on, as a table."""
    head = ["fuser", "validation loss, nats", "largest validation ECE, %", "seed kept"]
    rows = []
    for name, losses in metadata["validation_losses"].items():
        errors = 100 * np.asarray(metadata["validation_errors"][name])
        rows.append(
            [
                name,
                f"{np.mean(losses):.3f} ± {np.std(losses):.3f}",
                f"{np.mean(errors):.1f} ± {np.std(errors):.1f}",
                str(metadata["seeds"][name]),
            ]
        )
    return table(head, rows)


def _shares(names: tuple[str, ...], shares: tuple[float, ...]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in zip(names, shares, strict=True))


def _weights(weights: Tensor) -> str:
    rows = []
    for subset, row in zip(SUBSETS[1:], weights[1:].tolist(), strict=True):
        cells = [
            f"{weight:.2f}" if modality in subset else "–"
            for modality, weight in zip(MODALITIES, row, strict=True)
        ]
        rows.append([" + ".join(modality for modality in MODALITIES if modality in subset), *cells])
    return table(["present", *MODALITIES], rows)


def _offsets(offsets: Tensor) -> str:
    rows = zip(MODALITIES, offsets.tolist(), strict=True)
    return table(
        ["expert", *EMOTIONS], [[modality, *(f"{one:+.2f}" for one in row)] for modality, row in rows]
    )
