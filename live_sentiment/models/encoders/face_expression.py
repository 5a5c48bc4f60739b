"""Vision by the expression network that ships, or by one that `train face` wrote, in grey."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from live_sentiment.core.config import EncoderConfig
from live_sentiment.core.errors import UsageError
from live_sentiment.models.encoders.encoder import Raw, as_picture
from live_sentiment.models.encoders.pictures import resized
from live_sentiment.models.encoders.source import Source
from live_sentiment.models.encoders.staged import StagedEncoder
from live_sentiment.models.face_expression import ExpressionNet, own_tensors, standardise
from live_sentiment.models.store.shipped import load_shipped
from live_sentiment.models.store.store import ModelStore
from live_sentiment.perception.face.align import CROP_PX

DEFAULT_SOURCE = "face-expression"


class Stem(nn.Module):
    """Standardises a crop and finds the first map."""

    def __init__(self, convolution: nn.Module) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, crops: Tensor) -> Tensor:
        """Grey levels (N, 1, 48, 48) to a map (N, channels, 48, 48)."""
        found: Tensor = self.convolution(standardise(crops)).relu()
        return found


class FaceExpression(StagedEncoder):
    """The network's average map before its own head; the whole of it is `perception.face.expression`."""

    def __init__(self, config: EncoderConfig, source: Source, network: ExpressionNet) -> None:
        stages = list(network.stages.children())
        widths = [_width(stage) for stage in stages]
        super().__init__(config, source, Stem(network.stem), stages, widths)
        self.size_px = CROP_PX

    def prepare(self, raw: Raw) -> Tensor:
        """Grey levels 0..255, float32 (1, 1, 48, 48)."""
        grey = cv2.cvtColor(as_picture(raw), cv2.COLOR_RGB2GRAY)
        crop = resized(np.asarray(grey, np.uint8), self.size_px)
        return torch.from_numpy(crop[None, None].astype(np.float32))


def build(config: EncoderConfig, _store: ModelStore) -> FaceExpression:
    """The shipped network, or the .safetensors file named as the source.

    Raises:
        UsageError: no such weights, or not of an expression network.
    """
    name = config.source or DEFAULT_SOURCE
    weights = load_shipped(name)
    if weights.metadata.get("part") != "face":
        raise UsageError(f"{name} is not an expression network of `live-sentiment train face`")
    shape = {key: weights.metadata[key] for key in ("widths", "depths") if key in weights.metadata}
    network = ExpressionNet(**shape)
    network.load_state_dict(own_tensors(weights))
    path = Path(name)
    place = str(path.resolve()) if path.suffix == ".safetensors" else name
    return FaceExpression(config, Source(place, path.parent, weights.sha256), network.eval())


def _width(stage: nn.Module) -> int:
    """Channels of the map behind a stage: those of its last convolution."""
    return [module.out_channels for module in stage.modules() if isinstance(module, nn.Conv2d)][-1]
