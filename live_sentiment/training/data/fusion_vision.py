"""Vision samples for fusion: FERPlus faces through the alignment and the expression network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from rich.progress import Progress

from live_sentiment.core.types import EMOTIONS, BoolArray, ImageArray
from live_sentiment.models.face_expression import Expression
from live_sentiment.training.data.face_align import cached_alignments
from live_sentiment.training.data.face_data import FacePictures, load_ferplus
from live_sentiment.training.data.fusion_looks import Look, cached_pools, fingerprint, make_pool
from live_sentiment.training.data.pairing import Pool
from live_sentiment.training.tasks.face import Faces

MOST = 400
"""Pictures of one emotion in a split: pairing draws the emotion first, so more of the frequent ones teach
little."""

SOURCE = (
    "FERPlus (FER2013 pictures for research use, labels MIT), faces with a clear majority of votes, at most "
    f"{MOST} of an emotion, official splits; each picture stands for a face held still for a second"
)

BATCH = 16
"""Pictures read at once: what the networks hold of so many stays in the processor's cache."""
LOOK_S = 0.4
"""Time between two looks at the same picture."""
WOBBLE_PX = 2
"""How far an alignment may be off from one frame to the next."""

_SPLITS = {"train": "train", "validation": "valid", "test": "test"}


def vision_pools(
    data: Path,
    detector: Path,
    expression: Expression,
    cache: Path,
    progress: Progress,
    *,
    bfloat16: bool = False,
) -> dict[str, Pool]:
    """Every picture looked at three times: as it is, mirrored, and aligned a little off.

    In half precision (`bfloat16`) several times faster where the processor has instructions for it.

    Raises:
        UsageError: `data` does not hold FERPlus.
    """
    key = {
        "modality": "vision",
        "head": expression.sha256,
        "data": fingerprint([file for file in data.iterdir() if file.is_file()]),
        "settings": f"{MOST} {LOOK_S} {WOBBLE_PX} {bfloat16} {expression.pooling}",
    }

    def make() -> dict[str, Pool]:
        pictures = load_ferplus(data)
        alignments = {split: cache / f"alignments_{theirs}.npz" for split, theirs in _SPLITS.items()}
        return {
            split: _pool(
                pictures[theirs], detector, expression, alignments[split], progress, bfloat16=bfloat16
            )
            for split, theirs in _SPLITS.items()
        }

    return cached_pools(cache, key, make)


def _pool(
    pictures: FacePictures,
    detector: Path,
    expression: Expression,
    alignments: Path,
    progress: Progress,
    *,
    bfloat16: bool,
) -> Pool:
    alignments.parent.mkdir(parents=True, exist_ok=True)
    aligning = progress.add_task("faces, aligned", total=len(pictures))
    maps, _ = cached_alignments(
        pictures.images, detector, alignments, lambda done: progress.update(aligning, completed=done)
    )
    chosen = _chosen(pictures)
    clear = pictures.select(chosen)
    crops = Faces.of(clear, maps[chosen]).crops()[:, 0].numpy().astype(np.uint8)
    reading = progress.add_task("faces, read", total=len(crops))
    samples = []
    for start in range(0, len(crops), BATCH):
        batch = crops[start : start + BATCH]
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            seen = [expression(list(look)) for look in (_shifted(batch), batch[:, :, ::-1], batch)]
        for row in range(len(batch)):
            samples.append(
                [
                    Look(-LOOK_S * back, one.embeddings[row], one.emotions[row], one.polarity[row])
                    for back, one in zip((2, 1, 0), seen, strict=True)
                ]
            )
        progress.update(reading, advance=len(batch))
    return make_pool(samples, clear.labels)


def _chosen(pictures: FacePictures) -> BoolArray:
    """Clear faces, shape (N,), those of a frequent emotion drawn evenly from the set."""
    chosen = np.zeros(len(pictures), np.bool_)
    for label in range(len(EMOTIONS)):
        rows = np.flatnonzero(pictures.clear & (pictures.labels == label))
        chosen[rows[np.linspace(0, len(rows) - 1, min(len(rows), MOST)).round().astype(int)]] = True
    return chosen


def _shifted(crops: ImageArray) -> ImageArray:
    """Crops (N, 48, 48) moved down and to the right; what comes in repeats the edge."""
    edged = np.pad(crops, ((0, 0), (WOBBLE_PX, 0), (WOBBLE_PX, 0)), mode="edge")
    return edged[:, : crops.shape[1], : crops.shape[2]]
