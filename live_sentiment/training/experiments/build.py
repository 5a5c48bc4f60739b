"""From a configuration and its data to a model and to what makes its batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import Modality
from live_sentiment.models.encoders.encoder import Encoder
from live_sentiment.models.encoders.registry import build_encoder
from live_sentiment.models.store.store import FACE_DETECTOR, ModelStore
from live_sentiment.training.data.features import Feature, FeatureCache
from live_sentiment.training.data.raw import RawReader
from live_sentiment.training.data.samples import Corpus, Sample
from live_sentiment.training.experiments.batch import Collator
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.model import ExperimentModel
from live_sentiment.training.experiments.reading import ExperimentData

Told = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

UNSEEN = 0.5
"""What is added to the number of samples of each class, so that none is held to be impossible."""


def build_encoders(
    config: ExperimentConfig, store: ModelStore, device: torch.device
) -> dict[Modality, Encoder]:
    """The encoders of the modalities in use; from scratch at random, so seed torch before.

    Raises:
        UsageError: no such encoder or source.
        RunError: a model of the store cannot be had.
    """
    named = config.encoders.named()
    return {
        name: build_encoder(name, named[name], store, device) for name in config.modalities if name in named
    }


def build_model(
    config: ExperimentConfig, data: ExperimentData, store: ModelStore, device: torch.device
) -> ExperimentModel:
    """A model with random heads and fuser, and encoders that know the words of the training texts.

    Raises:
        UsageError: a modality has neither an encoder nor features, or an encoder cannot be built.
        RunError: a model of the store cannot be had.
    """
    encoders = build_encoders(config, store, device)
    for encoder in encoders.values():
        encoder.learn_words(_training_texts(data.corpora))
    given = data.dims()
    dims: dict[Modality, int] = {}
    for name in config.modalities:
        if name in encoders:
            dims[name] = encoders[name].dim
        elif name in given:
            dims[name] = given[name]
        else:
            raise UsageError(
                f"the modality {name} has no encoder and its corpora hold no features: "
                f"set encoders.{name}.name, or leave {name} out of fusion.modalities"
            )
    model = ExperimentModel(encoders, dims, config.fusion, pooled=config.tokens == "pooled").to(device)
    model.fuser.set_priors(shares(data.counts("emotions")), shares(data.counts("polarity")))
    return model


def shares(counts: Sequence[int]) -> Tensor:
    """Class distribution of these numbers of samples, shape (classes,); even where there are none at all."""
    raised = torch.tensor(counts, dtype=torch.float32) + UNSEEN
    return raised / raised.sum()


def build_collator(
    config: ExperimentConfig,
    model: ExperimentModel,
    corpora: Sequence[Corpus],
    *,
    store: ModelStore,
    cache: Path | None = None,
    told: Told = lambda what, done, total: None,
) -> Collator:
    """What makes batches; a frozen encoder embeds the corpora once, and they are kept in `cache`.

    Raises:
        UsageError: a file cannot be decoded.
        RunError: the disk is full, or the face detector cannot be had.
    """
    encoders = {name: model.encoder(name) for name in model.dims if name in model.encoders}
    videos = any(sample.video is not None for corpus in corpora for sample in corpus.samples)
    reader = RawReader(store.path(FACE_DETECTOR) if videos and "vision" in encoders else None)
    features: dict[Modality, Mapping[str, Feature]] = {}
    if cache is not None:
        keeper = FeatureCache(cache, reader, bfloat16=config.training.precision == "bfloat16")
        for name, encoder in encoders.items():
            # The embeddings of an encoder that starts at random are another run's with another seed.
            if not encoder.trained and encoder.source is not None:
                features[name] = _kept(keeper, encoder, corpora, pooled=model.pooled, told=told)
    return Collator(config.modalities, encoders, reader, features)


def _kept(
    keeper: FeatureCache, encoder: Encoder, corpora: Sequence[Corpus], *, pooled: bool, told: Told
) -> dict[str, Feature]:
    """Features of all samples by "corpus/key"."""
    found: dict[str, Feature] = {}
    for corpus in corpora:
        modality = encoder.modality
        there = replace(corpus, samples=[one for one in corpus.samples if _is_raw(one, modality)])
        if not there.samples:
            continue
        what = f"{corpus.name}: {modality}"
        features = keeper.features(there, encoder, progress=partial(told, what))
        for key, feature in features.items():
            found[f"{corpus.name}/{key}"] = _mean(feature) if pooled else feature
    return found


def _mean(feature: Feature) -> Feature:
    return Feature(feature.embeddings.mean(axis=0, keepdims=True), np.zeros(1, np.float32))


def _is_raw(sample: Sample, modality: Modality) -> bool:
    return sample.has(modality) and modality not in sample.features


def _training_texts(corpora: Sequence[Corpus]) -> Iterable[str]:
    return [sample.text for corpus in corpora for sample in corpus.of("train").samples if sample.text]
