"""The expression network of face-api, from the files it is published in: a teacher, then a second opinion.

FERPlus's annotators saw search results in grey. A network that learnt from other pictures knows faces that
these are not like; a head that learns its opinion beside the annotators' votes (distillation, Hinton et al.
2015) keeps the trained network from fitting this one collection alone.

The files are `model/face_expression_model.bin` and `model/face_expression_model-weights_manifest.json` of the
npm package @vladmandic/face-api (MIT; the networks are those of face-api.js, MIT), read as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, FloatArray, ImageArray
from live_sentiment.models.face_second_opinion import WIDTHS, SecondOpinion

MANIFEST = "face_expression_model-weights_manifest.json"

SHA256 = "9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d"
"""Of the file of weights, in version 1.7.15 of the package."""

BATCH = 64


@dataclass(frozen=True, slots=True)
class Teacher:
    """The network with the hash of its file."""

    net: SecondOpinion
    sha256: str

    @classmethod
    def load(cls, folder: Path) -> Teacher:
        """Read the manifest and the file of weights that it names.

        Raises:
            UsageError: they are missing, unreadable, or other ones than this code was written for.
        """
        try:
            (group,) = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            raw = b"".join((folder / name).read_bytes() for name in group["paths"])
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(
                f"no teacher in {folder}: expected {MANIFEST} and its weights ({error})"
            ) from error
        sha256 = hashlib.sha256(raw).hexdigest()
        if sha256 != SHA256:
            raise UsageError(f"the teacher in {folder} has SHA-256 {sha256}, expected {SHA256}")
        net = SecondOpinion()
        # Rounded to the half precision in which it will ship, so that every figure is of what ships.
        net.load_state_dict(
            {name: tensor.half() for name, tensor in named(unpack(group["weights"], raw)).items()}
        )
        return cls(net.eval(), sha256)

    @torch.inference_mode()
    def opinions(
        self,
        images: ImageArray,
        on_picture: Callable[[int], None] = lambda done: None,
        *,
        bfloat16: bool = False,
    ) -> FloatArray:
        """Grey pictures (N, H, W) to probabilities (N, 7) in the order of EMOTIONS.

        Each is the mean over the picture and its mirror image; `on_picture` is told how many are done.
        """
        found = [np.zeros((0, len(EMOTIONS)), np.float32)]
        for start in range(0, len(images), BATCH):
            grey = torch.from_numpy(images[start : start + BATCH, None]).float()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                both = self.net(grey) + self.net(grey.flip(3))
            found.append((both / 2).numpy())
            on_picture(start + len(grey))
        return np.concatenate(found)


def unpack(entries: list[dict[str, Any]], raw: bytes) -> dict[str, Tensor]:
    """The tensors of a TensorFlow.js weight group: float32, or uint8 as value × scale + min."""
    tensors, start = {}, 0
    for entry in entries:
        quantised = entry.get("quantization")
        kind = np.dtype(quantised["dtype"] if quantised else entry["dtype"])
        values = np.frombuffer(raw, kind, int(np.prod(entry["shape"])), start)
        start += values.nbytes
        if quantised:
            values = values * np.float32(quantised["scale"]) + np.float32(quantised["min"])
        tensors[str(entry["name"])] = torch.from_numpy(values.astype(np.float32).reshape(entry["shape"]))
    return tensors


def named(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published tensors under the names and in the layout of `SecondOpinion`: (outputs, inputs, H, W)."""
    tensors = {"head.weight": published["fc/weights"].T, "head.bias": published["fc/bias"]}
    for block in range(len(WIDTHS)):
        for layer in range(4):
            theirs = f"dense{block}/conv{layer}"
            ours = f"blocks.{block}." + ("halve" if layer == 0 else f"layers.{layer - 1}")
            if f"{theirs}/filters" in published:
                tensors[f"{ours}.weight"] = published[f"{theirs}/filters"].permute(3, 2, 0, 1)
                tensors[f"{ours}.bias"] = published[f"{theirs}/bias"]
                continue
            tensors[f"{ours}.0.weight"] = published[f"{theirs}/depthwise_filter"].permute(2, 3, 0, 1)
            tensors[f"{ours}.1.weight"] = published[f"{theirs}/pointwise_filter"].permute(3, 2, 0, 1)
            tensors[f"{ours}.1.bias"] = published[f"{theirs}/bias"]
    return tensors


def cached_opinions(
    teacher: Teacher,
    images: ImageArray,
    cache: Path,
    on_picture: Callable[[int], None] = lambda done: None,
    *,
    bfloat16: bool = False,
) -> FloatArray:
    """What the teacher says of pictures (N, H, W), looked up in the file `cache` if it is of them."""
    key = hashlib.sha256(images.tobytes() + teacher.sha256.encode()).hexdigest()
    if cache.is_file():
        with np.load(cache) as stored:
            if str(stored["key"]) == key:
                known: FloatArray = stored["opinions"]
                return known
    opinions = teacher.opinions(images, on_picture, bfloat16=bfloat16)
    np.savez(cache, key=key, opinions=opinions)
    return opinions
