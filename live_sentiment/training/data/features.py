"""Embeddings of a corpus on disk, made once for each encoder.

A folder per corpus, encoder and setting, named by a hash of all three, holds the samples in shards of
safetensors. A shard is written aside and put in place when it is whole: an interrupted run goes on after the
last one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from live_sentiment.core.errors import RunError, UsageError
from live_sentiment.core.types import FloatArray, Modality
from live_sentiment.models.encoders.encoder import Encoder, pad
from live_sentiment.sinks.atomic import replace_file
from live_sentiment.training.data.raw import RawReader, UnreadableError
from live_sentiment.training.data.samples import Corpus, Sample, Span

EDITION = 1
"""Part of the key: raise it when the same encoder's features are made or kept differently."""

SHARD = 256
"""Samples of one file; so many are lost at most when a run is killed."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One sample as an encoder sees it."""

    embeddings: FloatArray
    """Shape (T, dim), T ≥ 1."""
    times_s: FloatArray
    """Shape (T,), seconds relative to the sample's end, ≤ 0."""


class Features(Mapping[str, Feature]):
    """The features of a corpus by the samples' keys; read from disk when asked for.

    Samples without anything to embed are not in it but in `absent`.
    """

    def __init__(self, shards: Sequence[Path]) -> None:
        self._shard_of: dict[str, tuple[Any, int]] = {}
        absent: dict[str, str] = {}
        for shard in shards:
            file: Any = safe_open(shard, framework="pt")
            described = json.loads(file.metadata()["features"])
            self._shard_of |= {key: (file, row) for row, key in enumerate(described["keys"])}
            absent |= described["absent"]
        self.absent: Mapping[str, str] = absent
        """Why a sample has no feature, in words."""

    def __getitem__(self, key: str) -> Feature:
        file, row = self._shard_of[key]
        return Feature(
            file.get_tensor(f"{row}.embeddings").numpy(), file.get_tensor(f"{row}.times_s").numpy()
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._shard_of)

    def __len__(self) -> int:
        return len(self._shard_of)

    def missing(self) -> str:
        """The samples without a feature, counted by reason: "no face 12, no sound 1"; empty if there are
        none."""
        return ", ".join(f"{reason} {count}" for reason, count in Counter(self.absent.values()).most_common())


class FeatureCache:
    """Embeds corpora, and finds again what was embedded.

    Args:
        folder: where the features are kept; made when needed.
        reader: how samples are read; one with a detector where videos are to be looked at.
        bfloat16: compute in half precision, several times as fast on processors that have it; features of
            both kinds are kept apart.
        shard: samples of one file.
    """

    def __init__(
        self, folder: Path, reader: RawReader | None = None, *, bfloat16: bool = False, shard: int = SHARD
    ) -> None:
        self._folder, self._reader = folder, reader or RawReader()
        self._bfloat16, self._size = bfloat16, shard

    def folder_of(self, corpus: Corpus, encoder: Encoder) -> Path:
        """Where the features of a corpus and an encoder lie, or will."""
        key = [
            EDITION,
            encoder.fingerprint,
            self._reader.fingerprint,
            self._bfloat16,
            self._size,
            fingerprint(corpus, encoder.modality),
        ]
        name = "".join(one if one.isalnum() else "-" for one in corpus.name.lower())
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:20]
        return self._folder / f"{name}-{encoder.modality}-{digest}"

    def features(
        self,
        corpus: Corpus,
        encoder: Encoder,
        batch: int = 16,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Features:
        """Embed what is not embedded yet, and give all of it.

        Args:
            corpus: samples without the encoder's modality are left out.
            encoder: on the device on which it is to run; put into evaluation.
            batch: samples, or pictures of a video, at a time.
            progress: told of the samples done so far and of all.

        Raises:
            UsageError: no sample has the modality, or a file cannot be decoded.
            RunError: the disk is full, or the encoder gives numbers that are not finite.
        """
        samples = [sample for sample in corpus.samples if sample.has(encoder.modality)]
        if not samples:
            raise UsageError(f"{corpus.name} has no {encoder.modality} to embed")
        folder = self.folder_of(corpus, encoder)
        folder.mkdir(parents=True, exist_ok=True)
        encoder.eval()
        shards = []
        for number, first in enumerate(range(0, len(samples), self._size)):
            shard = folder / f"{number:05d}.safetensors"
            of_shard = samples[first : first + self._size]
            if not _whole(shard, of_shard):
                told = _Told(progress, first, len(samples))
                self._write(shard, of_shard, encoder, batch, told)
            shards.append(shard)
            progress(first + len(of_shard), len(samples))
        return Features(shards)

    def _write(
        self, shard: Path, samples: Sequence[Sample], encoder: Encoder, batch: int, progress: _Told
    ) -> None:
        looks: list[tuple[str, Tensor, float]] = []
        absent: dict[str, str] = {}
        for count, sample in enumerate(samples):
            try:
                read = [
                    (encoder.prepare(look.raw), look.offset_s)
                    for look in self._reader.read(sample, encoder.modality)
                ]
            except (UnreadableError, ValueError) as error:
                absent[sample.key] = str(error)
            else:
                looks += [(sample.key, *one) for one in read]
            progress(count // 2)
        parts: dict[str, list[tuple[float, Tensor, Tensor]]] = {}
        # Of like length together: little is computed for padding.
        order = sorted(range(len(looks)), key=lambda index: len(looks[index][1]))
        for first in range(0, len(order), batch):
            chosen = [looks[index] for index in order[first : first + batch]]
            for (key, _, offset_s), (embeddings, times_s) in zip(
                chosen, self._encode(encoder, [inputs for _, inputs, _ in chosen]), strict=True
            ):
                if not bool(embeddings.isfinite().all()):
                    raise RunError(
                        f"the {encoder.modality} encoder gives numbers that are not finite for {key}"
                    )
                parts.setdefault(key, []).append((offset_s, embeddings, times_s + offset_s))
            progress((len(samples) + first * len(samples) // len(looks)) // 2)
        keys = [sample.key for sample in samples if sample.key in parts]
        tensors = {}
        for row, key in enumerate(keys):
            in_time = sorted(parts[key], key=lambda part: part[0])
            tensors[f"{row}.embeddings"] = torch.cat([part[1] for part in in_time]).contiguous()
            tensors[f"{row}.times_s"] = torch.cat([part[2] for part in in_time]).contiguous()
        described = json.dumps({"keys": keys, "absent": absent})
        try:
            replace_file(shard, save(tensors, {"features": described}))
        except OSError as error:
            raise RunError(f"cannot keep features in {shard}: {error}") from error

    @torch.inference_mode()
    def _encode(self, encoder: Encoder, prepared: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Embeddings (T, dim) and times (T,) of each, on the CPU."""
        device = next((one.device for one in encoder.parameters()), torch.device("cpu"))
        inputs, mask = pad(prepared)
        half = torch.autocast(device.type, torch.bfloat16) if self._bfloat16 else nullcontext()
        with half:
            encoded = encoder(inputs.to(device), mask.to(device))
        for row, there in enumerate(encoded.mask):
            yield encoded.embeddings[row][there].float().cpu(), encoded.times_s[row][there].float().cpu()


def fingerprint(corpus: Corpus, modality: Modality) -> str:
    """Hash of what a corpus holds in one modality, labels and splits aside.

    A file counts by its name, its size and the stretch of it that is used.
    """
    digest = hashlib.sha256()
    for sample in corpus.samples:
        if sample.has(modality):
            digest.update(json.dumps([sample.key, *_content(sample, modality)]).encode())
    return digest.hexdigest()


def _content(sample: Sample, modality: Modality) -> list[Any]:
    if modality == "text":
        return [sample.text]
    if modality == "vision" and sample.picture is not None:
        return [sample.picture.shape, hashlib.sha256(sample.picture.tobytes()).hexdigest()]
    span = sample.sound if modality == "voice" else sample.video
    return [] if span is None else _file(span)


def _file(span: Span) -> list[Any]:
    try:
        size = span.path.stat().st_size
    except OSError as error:
        raise UsageError(f"cannot read {span.path}: {error.strerror}") from error
    return [span.path.name, size, span.start_s, span.end_s]


def _whole(shard: Path, samples: Sequence[Sample]) -> bool:
    """Whether a shard is there, undamaged, and of these samples."""
    try:
        with safe_open(shard, framework="pt") as file:
            described = json.loads(file.metadata()["features"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return False
    return {*described["keys"], *described["absent"]} == {sample.key for sample in samples}


@dataclass(frozen=True, slots=True)
class _Told:
    """Progress within a shard."""

    progress: Callable[[int, int], None]
    before: int
    total: int

    def __call__(self, done: int) -> None:
        self.progress(self.before + done, self.total)
