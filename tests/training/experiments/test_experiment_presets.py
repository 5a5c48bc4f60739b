"""Each preset against its formula on small tensors, and learning for a moment on features that tell."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from live_sentiment.core.config import ModelsConfig
from live_sentiment.core.types import EMOTIONS, MODALITIES, POLARITIES, Modality
from live_sentiment.models.store.store import ModelStore
from live_sentiment.training.data.samples import SPLITS, Corpus, Sample
from live_sentiment.training.experiments.batch import ExperimentBatch, Given, Targets
from live_sentiment.training.experiments.build import build_collator, build_model
from live_sentiment.training.experiments.checkpoint import seed_everything
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.devices import accelerator_for
from live_sentiment.training.experiments.joint import Joint, SyntheticPairs
from live_sentiment.training.experiments.model import ExperimentModel, ExperimentOutput
from live_sentiment.training.experiments.presets import PRESETS, load_experiment
from live_sentiment.training.experiments.reading import ExperimentData
from live_sentiment.training.experiments.trainer import Trainer

DIMS: Mapping[Modality, int] = {"text": 5, "voice": 4, "vision": 3}
ROWS = 4
ENCODERS = {
    "fusion-network": {"text": "transformer", "vision": "resnet"},
    "transfer-three-stream": {"text": "word-attention", "voice": "mel-cnn", "vision": "resnet"},
    "lstm-two-stream": {"text": "word-lstm", "voice": "mel-lstm"},
    "shared-space-alignment": {"text": "transformer", "voice": "whisper", "vision": "face-expression"},
    "cross-attention": {"text": "transformer", "voice": "whisper", "vision": "face-expression"},
    "joint-embedding": {"text": "transformer", "voice": "whisper", "vision": "face-expression"},
}


def small(name: str) -> ExperimentConfig:
    """The preset with narrow layers, for features instead of raw samples."""
    config = load_experiment(name)
    hidden = (6,) if config.fusion.hidden else ()
    fusion = config.fusion.model_copy(update={"width": 8, "attention_heads": 2, "hidden": hidden})
    return config.model_copy(update={"fusion": fusion, "encoders": type(config.encoders)()})


def made(name: str) -> tuple[Any, ExperimentBatch, dict[str, Tensor]]:
    """The fuser, a batch of ROWS samples of one step a modality, and every modality's token by the formula
    W norm(x) + b."""
    config = small(name)
    torch.manual_seed(0)
    dims = {modality: DIMS[modality] for modality in config.modalities}
    fusion = config.fusion.model_copy(update={"use_opinions": False})
    model = ExperimentModel({}, dims, fusion, pooled=config.tokens == "pooled").eval()
    values = {modality: torch.randn(ROWS, 1, dim) for modality, dim in dims.items()}
    rows = torch.arange(ROWS)
    held: dict[Modality, Given] = {
        modality: Given(
            rows,
            torch.zeros_like(rows),
            torch.zeros(ROWS),
            one,
            torch.ones(ROWS, 1, dtype=torch.bool),
            torch.zeros(ROWS, 1),
        )
        for modality, one in values.items()
    }
    batch = ExperimentBatch(ROWS, held, Targets.of([Joint(Sample(str(row))) for row in range(ROWS)]))
    fuser: Any = model.fuser
    tokens = {}
    for modality, one in values.items():
        projection = fuser.projections[modality]
        tokens[modality] = projection.embedding(functional.layer_norm(one[:, 0], one.shape[2:]))
    return model, batch, tokens


def logits(model: Any, vector: Tensor, head: str) -> Tensor:
    """prior + W₂ relu(W₁ norm(h) + b₁) + b₂, without the hidden layer where there is none."""
    fuser = model.fuser
    x = functional.layer_norm(vector, vector.shape[1:])
    if fuser.config.hidden:
        x = fuser.trunk[1](x).relu()
    prior = fuser.log_emotion_prior if head == "emotions" else fuser.log_polarity_prior
    return prior + fuser.heads[head](x)


@pytest.mark.parametrize("name", PRESETS)
def test_the_parts_are_those_of_the_design(name: str) -> None:
    config = load_experiment(name)
    assert {one: encoder.name for one, encoder in config.encoders.named().items()} == ENCODERS[name]
    widths = {"fusion-network": (128,), "transfer-three-stream": (256,)}
    assert config.fusion.hidden == widths.get(name, ())
    heads = {"fusion-network": ("polarity",)} | dict.fromkeys(
        ("transfer-three-stream", "lstm-two-stream"), ("emotions",)
    )
    assert config.fusion.heads == heads.get(name, ("emotions", "polarity"))


def test_fusion_network_is_two_layers_over_both_side_by_side() -> None:
    model, batch, tokens = made("fusion-network")
    nobody = model.fuser.core.stand_ins.vectors[1].expand(ROWS, -1)
    vector = torch.cat([tokens["text"], nobody, tokens["vision"]], dim=1)
    said: ExperimentOutput = model(batch)
    torch.testing.assert_close(said.polarity_logits, logits(model, vector, "polarity"))
    assert model.fuser.trunk[1].out_features == 6
    assert said.polarity_logits.shape == (ROWS, len(POLARITIES))


def test_transfer_three_stream_is_two_layers_over_three_side_by_side() -> None:
    model, batch, tokens = made("transfer-three-stream")
    vector = torch.cat([tokens[modality] for modality in MODALITIES], dim=1)
    said: ExperimentOutput = model(batch)
    torch.testing.assert_close(said.emotion_logits, logits(model, vector, "emotions"))
    assert said.emotion_logits.shape == (ROWS, len(EMOTIONS))


def test_lstm_two_stream_reads_each_and_then_both_in_order_of_time() -> None:
    model, batch, tokens = made("lstm-two-stream")
    # The voice was heard before the word was said.
    batch.given["voice"].times_s.fill_(-1.0)
    core = model.fuser.core
    text, voice = (
        core.readers[MODALITIES.index(one)](tokens[one][:, None])[0][:, 0] for one in ("text", "voice")
    )
    vector = core.fusing(torch.stack([voice, text], dim=1))[0][:, -1]
    torch.testing.assert_close(model(batch).emotion_logits, logits(model, vector, "emotions"))
    backwards = core.fusing(torch.stack([text, voice], dim=1))[0][:, -1]
    assert not torch.allclose(vector, backwards)


def test_joint_embedding_is_one_mapping_of_the_mean_in_the_shared_space() -> None:
    model, batch, tokens = made("joint-embedding")
    core = model.fuser.core
    shared = [space(tokens[one]) for one, space in zip(MODALITIES, core.spaces, strict=True)]
    vector = core.joint(torch.stack(shared).mean(dim=0))
    said: ExperimentOutput = model(batch)
    torch.testing.assert_close(said.emotion_logits, logits(model, vector, "emotions"))
    torch.testing.assert_close(said.polarity_logits, logits(model, vector, "polarity"))
    assert said.auxiliary is None


def test_shared_space_alignment_attends_and_pulls_together_what_belongs_together() -> None:
    model, batch, tokens = made("shared-space-alignment")
    core = model.fuser.core
    shared = torch.stack(
        [space(tokens[one]) for one, space in zip(MODALITIES, core.spaces, strict=True)], dim=1
    )
    torch.testing.assert_close(
        model(batch).emotion_logits, logits(model, core.joint(shared).mean(dim=1), "emotions")
    )
    unit = shared / shared.norm(dim=2, keepdim=True)
    temperature, losses = core.alignment.log_temperature.exp(), []
    for one, other in itertools.combinations(range(3), 2):
        similarity = unit[:, one] @ unit[:, other].T / temperature
        contrast = [functional.cross_entropy(s, torch.arange(ROWS)) for s in (similarity, similarity.T)]
        matching = similarity + core.alignment.bias
        own = torch.eye(ROWS, dtype=torch.bool)
        losses += [
            sum(contrast) / 2,
            -(functional.logsigmoid(matching[own]).mean() + functional.logsigmoid(-matching[~own]).mean())
            / 2,
        ]
    core.training = True
    torch.testing.assert_close(model(batch).auxiliary, torch.stack(losses).mean())


def test_cross_attention_asks_the_others() -> None:
    model, batch, tokens = made("cross-attention")
    core = model.fuser.core
    timed = {one: tokens[one] + core.times[one](torch.zeros(ROWS, 1))[:, 0] for one in MODALITIES}
    vectors = []
    for one in MODALITIES:
        crossing = core.crossings[one]
        others = [timed[other][:, None] for other in MODALITIES if other != one]
        context = crossing.context_norm(torch.cat([core.nobody.expand(ROWS, 1, -1), *others], dim=1))
        query = crossing.query_norm(timed[one])[:, None]
        weight, bias = crossing.attention.in_proj_weight, crossing.attention.in_proj_bias
        parts = zip((query, context, context), weight.chunk(3), bias.chunk(3), strict=True)
        q, k, v = ((x @ w.T + b).unflatten(2, (2, 4)).transpose(1, 2) for x, w, b in parts)
        seen = ((q @ k.transpose(2, 3) / 4**0.5).softmax(dim=3) @ v).transpose(1, 2).flatten(2)
        informed = timed[one] + crossing.attention.out_proj(seen)[:, 0]
        vectors.append(informed + crossing.feed_forward(informed))
    vector = torch.stack(vectors).mean(dim=0)
    torch.testing.assert_close(model(batch).emotion_logits, logits(model, vector, "emotions"))


def corpus(modality: Modality) -> Corpus:
    """Features of one modality around a point of their class, as people of its own."""
    centres = np.random.default_rng(0).normal(size=(3, 5)) * 2
    random = np.random.default_rng(1 + MODALITIES.index(modality))
    samples = [
        Sample(
            key=f"{split}-{number}",
            split=split,
            features={
                modality: (
                    centres[number % 3][: DIMS[modality]] + random.normal(size=(2, DIMS[modality]))
                ).astype(np.float32)
            },
            emotions=np.eye(len(EMOTIONS), dtype=np.float32)[number % 3],
            polarity=np.eye(len(POLARITIES), dtype=np.float32)[number % 3],
        )
        for split in SPLITS
        for number in range(30)
    ]
    return Corpus(modality, "none", samples)


@pytest.mark.parametrize("name", PRESETS)
def test_it_learns(name: str, tmp_path: Path) -> None:
    config = small(name)
    config = config.model_copy(
        update={
            "training": config.training.model_copy(update={"epochs": 4, "batch_size": 16}),
            "optimiser": config.optimiser.model_copy(update={"learning_rate": 0.01}),
        }
    )
    corpora = [corpus(modality) for modality in config.modalities]
    pairs = {
        split: SyntheticPairs.of(
            corpora, split, config.modalities, label=config.data.label, balanced=True, pairs=96, seed=0
        )
        for split in SPLITS
    }
    data = ExperimentData(
        corpora, pairs["train"], pairs["validation"].epoch(0), pairs["test"].epoch(0), synthetic=True
    )
    accelerator = accelerator_for(config.training, "cpu")
    seed_everything(0)
    store = ModelStore(ModelsConfig(offline=True))
    model = build_model(config, data, store, accelerator.device)
    collator = build_collator(config, model, corpora, store=store)
    losses: list[float] = []
    trainer = Trainer(config, model, data, collator, folder=tmp_path, accelerator=accelerator, identity=name)
    outcome = trainer.run(
        lambda _step, _steps, line: losses.append(float(line.split("loss ")[1].split(",")[0]))
    )
    assert np.mean(losses[-3:]) < 0.8 * np.mean(losses[:3])
    assert outcome.best > 0.6  # the recall of three classes; chance is a third
