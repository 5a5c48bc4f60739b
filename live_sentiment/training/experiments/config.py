"""An experiment: what is learnt, from which data, how. One class per part; read from TOML and `--set`.

>>> from live_sentiment.training.experiments.presets import load_experiment
>>> load_experiment("fusion-network", overrides=["optimiser.learning_rate=0.001"]).optimiser.learning_rate
0.001
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from live_sentiment.core.config import EncoderConfig, Fraction, LearntConfig, Part
from live_sentiment.core.types import MODALITIES, Modality

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class DataConfig(Part):
    """What is learnt from."""

    corpora: Annotated[tuple[str, ...], Field(min_length=1)]
    """Names that the corpora's readers know: "meld", "ravdess", "ferplus", "folder" …"""
    folders: dict[str, Path] = Field(default_factory=dict)
    """Where a corpus lies that is not below the data folder, by its name."""
    pairing: Literal["auto", "none", "synthetic"] = "auto"
    """`synthetic` puts together samples of different corpora that carry the same label; `none` takes the
    samples as they are, with the modalities they have; `auto` pairs where no corpus has all modalities."""
    label: Literal["emotions", "polarity"] = "emotions"
    """By which samples are paired."""
    classes: Literal["balanced", "natural"] = "balanced"
    """How often each class is paired: all alike, or as often as in the corpora of the first modality."""
    pairs: Count = 4096
    """Pairs drawn anew for each epoch."""
    held_out_pairs: Count = 1024
    """Pairs of the validation data, and again of the test data; the same ones at every look."""
    limit: Count | None = None
    """At most so many samples of a split of a corpus, spread over it evenly: a quick look."""
    workers: Annotated[int, Field(ge=0)] = 0
    """Processes that read and prepare samples beside the training."""


class EncodersConfig(Part):
    """The encoder of each modality; a modality without one is left out, unless its corpus holds features."""

    text: EncoderConfig | None = None
    voice: EncoderConfig | None = None
    vision: EncoderConfig | None = None

    def named(self) -> dict[Modality, EncoderConfig]:
        """Those that are there, in the order of MODALITIES."""
        given: dict[Modality, EncoderConfig | None] = {
            "text": self.text,
            "voice": self.voice,
            "vision": self.vision,
        }
        return {name: encoder for name in MODALITIES if (encoder := given[name]) is not None}


class LossWeights(Part):
    """What each loss counts beside the others."""

    emotions: Weight = 1.0
    polarity: Weight = 1.0
    valence_arousal: Weight = 1.0
    score: Weight = 1.0
    experts: Weight = 0.3
    """Of every modality's own head, whose opinion the fuser hears."""
    auxiliary: Weight = 0.1
    """Of the core's own loss: the alignment of a shared space."""


class LossConfig(Part):
    """What is made small."""

    classes: Literal["cross-entropy", "class-balanced", "focal", "class-balanced-focal"] = "cross-entropy"
    """Of emotions and polarity; class-balanced ones weigh each class by the inverse of its frequency."""
    focal_gamma: Weight = 2.0
    soft_labels: bool = False
    """Learn from the annotators' votes as they are, instead of from the leading class."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    continuous: Literal["mse", "ccc"] = "mse"
    """Of valence, arousal and score."""
    weights: LossWeights = LossWeights()


class OptimiserConfig(Part):
    """Who makes it small."""

    name: Literal["sgd", "adam", "adamw"] = "adamw"
    learning_rate: Positive = 1e-3
    encoder_learning_rate: Positive | None = None
    """Of the encoders' own weights; None: the same."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Of sgd."""
    weight_decay: Weight = 0.01
    """L2; decoupled with adamw. Biases and norms are left out."""
    l1: Weight = 0.0
    """Of the sum of absolute weights, beside the loss; biases and norms are left out."""
    clip_norm: Weight = 1.0
    """Largest norm of a step's gradient; 0: any."""


class ScheduleConfig(Part):
    """How the learning rate goes."""

    name: Literal["constant", "cosine", "linear", "plateau"] = "cosine"
    warm_up: Fraction = 0.1
    """Part of all steps in which it rises from zero."""
    factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Of plateau: what it falls by ..."""
    patience: Count = 2
    """... when so many epochs brought nothing."""
    floor: Fraction = 0.0
    """What it ends at, as a part of the learning rate."""


class TrainingConfig(Part):
    """How long, and on what."""

    epochs: Count = 10
    batch_size: Annotated[int, Field(ge=2)] = 32
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the split of the speakers, the first weights, the order and the pairs, dropout and mixup."""
    modality_dropout: Fraction = 0.3
    """How likely each modality of a sample is left out; one always stays."""
    mixup: Weight = 0.0
    """α of the Beta distribution by which embeddings and labels of two samples are mixed; 0: none."""
    metric: Literal["loss", "accuracy", "uar", "weighted_f1", "macro_f1", "ccc", "mae", "corr"] = "loss"
    """On the validation data, of the first of the fuser's heads: it chooses the epoch that is kept."""
    patience: Annotated[int, Field(ge=0)] = 5
    """Stop after so many epochs without a better one; 0: never."""
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto`: bfloat16 on a GPU that has it, float32 elsewhere."""
    checkpoint_steps: Count = 100
    """A checkpoint after so many steps, and after each epoch."""
    threads: Count = 1
    """Of torch on the CPU."""


class ExperimentConfig(Part):
    """The whole."""

    name: str = "experiment"
    data: DataConfig
    encoders: EncodersConfig = EncodersConfig()
    tokens: Literal["pooled", "steps"] = "pooled"
    """What the fuser reads of a sample: one mean embedding, as a session has it per look, or each of its
    encoder's steps with their times."""
    fusion: LearntConfig = LearntConfig()
    loss: LossConfig = LossConfig()
    optimiser: OptimiserConfig = OptimiserConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _something_weighs(self) -> Self:
        for head in self.fusion.heads:
            if getattr(self.loss.weights, head) == 0:
                raise ValueError(f"the head {head!r} learns nothing with loss.weights.{head} = 0")
        return self

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What the fuser reads, in the order of MODALITIES."""
        return tuple(name for name in MODALITIES if name in self.fusion.modalities)
