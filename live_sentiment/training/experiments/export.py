"""A trained model as files that a session, another person and `load_run` take."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
import torch

from live_sentiment.core.types import MODALITIES, Expert, Modality
from live_sentiment.fusion.fuser import EMOTION_PRIOR, POLARITY_PRIOR
from live_sentiment.fusion.registry import save_fusers
from live_sentiment.models.encoders.expert import Calibration, save_expert
from live_sentiment.models.encoders.state import load_trained
from live_sentiment.models.store.shipped import ShippedWeights, load_shipped, save_shipped
from live_sentiment.training.experiments.build import shares
from live_sentiment.training.experiments.config import ExperimentConfig
from live_sentiment.training.experiments.model import ExperimentModel, stand_ins
from live_sentiment.training.experiments.reading import ExperimentData

SMALLEST_PRIOR = 1e-4
"""Of a class that was never learnt, in use."""
FUSION_FILE = "fusion.safetensors"


def expert_file(modality: Modality) -> str:
    """Name of a modality's file in a run's folder."""
    return f"{modality}.safetensors"


def export_model(
    folder: Path,
    config: ExperimentConfig,
    model: ExperimentModel,
    data: ExperimentData,
    about: Mapping[str, Any],
) -> None:
    """Write an expert per modality, the fuser, and `replay.toml` where a session can use them.

    The fuser is saved with the priors of use instead of those of the data, which `load_model` puts back:
    classes are as often in life as they are, not as somebody collected them. `about` goes into every file.
    """
    emotions, polarity = shares(data.counts("emotions")), shares(data.counts("polarity"))
    experts = stand_ins(model.dims)
    for name, dim in model.dims.items():
        path = folder / expert_file(name)
        _save_expert(path, name, model, {"emotions": emotions, "polarity": polarity}, about)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        encoder = config.encoders.named().get(name)
        described = f"{encoder.name if encoder else 'features'} + {name}"
        experts[name] = Expert(name, dim, emotions.numpy(), polarity.numpy(), described, digest)
    fuser = model.fuser
    learnt = fuser.log_emotion_prior.exp(), fuser.log_polarity_prior.exp()
    fuser.set_priors(
        in_use(EMOTION_PRIOR, data.counts("emotions")), in_use(POLARITY_PRIOR, data.counts("polarity"))
    )
    save_fusers(
        folder / FUSION_FILE,
        {config.fusion.core: fuser},
        experts,
        {
            **about,
            "dims": dict(model.dims),
            "priors_of_data": {"emotions": learnt[0].tolist(), "polarity": learnt[1].tolist()},
        },
    )
    fuser.set_priors(*learnt)
    if set(model.dims) == set(model.encoders):
        _write_replay(folder, config)


def load_model(model: ExperimentModel, folder: Path, config: ExperimentConfig) -> None:
    """Put what `export_model` wrote into a model of the same configuration.

    Raises:
        UsageError: a file is missing or of another model.
    """
    for name in model.dims:
        saved = load_shipped(str(folder / expert_file(name)))
        model.heads[name].load_state_dict(_part(saved, "head."))
        temperatures = saved.metadata["temperatures"]
        row = torch.tensor([temperatures["emotions"], temperatures["polarity"]])
        model.temperatures[MODALITIES.index(name)] = row.to(model.temperatures)
        if name in model.encoders:
            load_trained(model.encoder(name), _part(saved, "encoder."))
    fused = load_shipped(str(folder / FUSION_FILE))
    model.fuser.load_state_dict(_part(fused, f"{config.fusion.core}."))
    priors = fused.metadata["priors_of_data"]
    model.fuser.set_priors(torch.tensor(priors["emotions"]), torch.tensor(priors["polarity"]))


def saved_dims(folder: Path) -> dict[Modality, int]:
    """Sizes of the embeddings of a run's modalities."""
    return dict(load_shipped(str(folder / FUSION_FILE)).metadata["dims"])


def in_use(prior: tuple[float, ...], counts: list[int]) -> torch.Tensor:
    """The prior of use over the classes that were learnt, shape (classes,); next to nothing elsewhere."""
    learnt = torch.tensor(counts) > 0
    kept = torch.where(learnt | ~learnt.any(), torch.tensor(prior), SMALLEST_PRIOR)
    return kept / kept.sum()


def _save_expert(
    path: Path,
    name: Modality,
    model: ExperimentModel,
    priors: Mapping[str, torch.Tensor],
    about: Mapping[str, Any],
) -> None:
    head = model.heads[name]
    for_emotions, for_polarity = model.temperatures[MODALITIES.index(name)].tolist()
    if name in model.encoders:
        emotions, polarity = priors["emotions"].numpy(), priors["polarity"].numpy()
        calibration = Calibration(for_emotions, for_polarity, emotions, polarity)
        save_expert(path, model.encoder(name), head, calibration, about)  # type: ignore[arg-type]
        return
    # Nothing encodes here: the corpus came as features, and a session has no use for this file.
    tensors = {f"head.{key}": tensor for key, tensor in head.state_dict().items()}
    temperatures = {"emotions": for_emotions, "polarity": for_polarity}
    save_shipped(path, tensors, {**about, "kind": "head", "modality": name, "temperatures": temperatures})


def _write_replay(folder: Path, config: ExperimentConfig) -> None:
    keys = {"text": ("text", "head"), "voice": ("voice", "head"), "vision": ("face", "encoder")}
    perception: dict[str, dict[str, str]] = {}
    for name in config.modalities:
        part, key = keys[name]
        perception[part] = {key: str((folder / expert_file(name)).resolve())}
    fusion = {"fuser": config.fusion.core, "weights": str((folder / FUSION_FILE).resolve())}
    told = (
        "# A session with what was trained here: live-sentiment replay CLIP --config replay.toml\n"
        "# The paths are those of the folder where it was trained; change them if it moves.\n\n"
    )
    text = told + tomli_w.dumps({"perception": perception, "fusion": fusion})
    (folder / "replay.toml").write_text(text, encoding="utf-8")


def _part(weights: ShippedWeights, prefix: str) -> dict[str, torch.Tensor]:
    return {key.removeprefix(prefix): one for key, one in weights.tensors.items() if key.startswith(prefix)}
