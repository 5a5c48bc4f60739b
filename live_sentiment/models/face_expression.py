"""The expression network: what a face shows, from one grey crop of 48 by 48 pixels.

It reads luminance only. A colour cast, a warm lamp or a black-and-white camera then cannot mislead it, and
the pictures it learnt from are grey anyway. Every crop is standardised first, which takes out exposure and
contrast.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from live_sentiment.core.errors import UsageError
from live_sentiment.core.types import EMOTIONS, POLARITIES, FloatArray, ImageArray
from live_sentiment.models.face_familiarity import Familiarity
from live_sentiment.models.face_pooling import Pooling
from live_sentiment.models.face_second_opinion import SecondOpinion
from live_sentiment.models.store.shipped import ShippedWeights

WIDTHS = (32, 64, 128, 192)
"""Channels of the stem and of the three stages; the last is the size of the embedding."""

DEPTHS = (1, 2, 2)
"""Residual pairs in each of the three stages."""

BESIDE = ("second.", "familiarity.")
"""What the names of tensors begin with that do not belong to the network itself."""

FLAT_CROP = 4.0
"""Grey levels: a crop with less contrast than this is not amplified further."""


class Convolution(nn.Sequential):
    """3 × 3 convolution and batch normalisation."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs)
        )


class Residual(nn.Module):
    """A pair of convolutions whose result is added to what went in (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = Convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels, H, W) to the same shape."""
        refined: Tensor = x + self.second(self.first(x).relu())
        return refined.relu()


class Stage(nn.Sequential):
    """Halves the picture, then refines it by `depth` residual pairs.

    (B, inputs, H, W) to (B, outputs, H / 2, W / 2).
    """

    def __init__(self, inputs: int, outputs: int, depth: int) -> None:
        super().__init__(
            Convolution(inputs, outputs, stride=2), nn.ReLU(), *(Residual(outputs) for _ in range(depth))
        )


class ExpressionNet(nn.Module):
    """Crops to embeddings and class scores: a stem, three stages, an average, a linear layer.

    The picture goes 48 → 24 → 12 → 6 px; 204 million multiplications and 2.3 million parameters.
    """

    def __init__(
        self,
        widths: Sequence[int] = WIDTHS,
        depths: Sequence[int] = DEPTHS,
        classes: int = len(EMOTIONS),
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        self.stem = Convolution(1, widths[0])
        self.stages = nn.Sequential(
            *(Stage(*sizes, depth) for sizes, depth in zip(itertools.pairwise(widths), depths, strict=True))
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(widths[-1], classes)

    def embed(self, crops: Tensor) -> Tensor:
        """Crops (B, 1, 48, 48), grey levels 0..255, to embeddings (B, widths[-1])."""
        x = self.stem(standardise(crops)).relu()
        maps: Tensor = self.stages(x)
        return maps.mean(dim=(2, 3))

    def forward(self, crops: Tensor) -> Tensor:
        """Crops (B, 1, 48, 48), grey levels 0..255, to class scores (B, classes) in the order of EMOTIONS."""
        found: Tensor = self.head(self.dropout(self.embed(crops)))
        return found


def standardise(crops: Tensor) -> Tensor:
    """Every crop of (B, 1, H, W) to mean 0 and deviation 1 of its own."""
    mean = crops.mean(dim=(2, 3), keepdim=True)
    deviation = crops.std(dim=(2, 3), keepdim=True)
    return (crops - mean) / deviation.clamp(min=FLAT_CROP)


NEGATIVE = tuple(EMOTIONS.index(name) for name in ("sadness", "anger", "fear", "disgust"))
NEUTRAL = tuple(EMOTIONS.index(name) for name in ("neutral", "surprise"))
POSITIVE = (EMOTIONS.index("joy"),)


def polarity_of(emotions: FloatArray) -> FloatArray:
    """Polarity (..., 3) of emotion probabilities (..., 7): the sum over the emotions of each sign.

    Surprise counts as neutral, since a surprised face alone does not say whether the surprise is welcome.
    """
    by_sign = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
    return np.stack([emotions[..., by_sign[name]].sum(axis=-1) for name in POLARITIES], axis=-1)


@dataclass(frozen=True, slots=True)
class Readings:
    """What the network says of n crops."""

    embeddings: FloatArray
    """Shape (n, dim)."""
    emotions: FloatArray
    """Shape (n, 7), calibrated probabilities in the order of EMOTIONS."""
    polarity: FloatArray
    """Shape (n, 3), calibrated probabilities in the order of POLARITIES."""


class Weighed(nn.Module):
    """The expression network, with a second opinion where the face is unlike those it learnt from.

    `Pooling` says how the two opinions become one; where the first is sure of a familiar face, the second
    changes little. Without a second one, the network alone.
    """

    log_prior: Tensor

    def __init__(
        self,
        net: ExpressionNet,
        second: SecondOpinion | None = None,
        familiarity: Familiarity | None = None,
        pooling: Pooling | None = None,
    ) -> None:
        super().__init__()
        self.net, self.second, self.familiarity = net, second, familiarity
        self.pooling = pooling or Pooling()
        self.register_buffer("log_prior", torch.zeros(len(EMOTIONS)), persistent=False)

    def set_prior(self, prior: ArrayLike) -> None:
        """Tell the class distribution, shape (7,), under which the network's own scores are calibrated."""
        self.log_prior = torch.as_tensor(np.asarray(prior, np.float32), device=self.log_prior.device).log()

    @classmethod
    def of(cls, weights: ShippedWeights) -> Weighed:
        """From what `train face` wrote, ready to read.

        Raises:
            UsageError: the weights are of another kind of network or for other classes.
        """
        described = weights.metadata
        if described.get("part") != "face" or tuple(described["labels"]) != EMOTIONS:
            raise UsageError(f"{weights.name} is not an expression network of `live-sentiment train face`")
        weighed = cls(ExpressionNet(described["widths"], described["depths"]), pooling=Pooling.of(described))
        weighed.set_prior(described["prior"])
        if described["familiar_up_to"]:
            weighed.second = SecondOpinion()
            weighed.familiarity = Familiarity(described["widths"][-1], described["familiar_up_to"])
        weighed.load_state_dict(
            {
                name if name.startswith(BESIDE) else f"net.{name}": tensor
                for name, tensor in weights.tensors.items()
            }
        )
        return weighed.eval()

    def tensors(self) -> dict[str, Tensor]:
        """What `of` needs: the network's state under its own names; weights take 16 bits."""
        state = {name.removeprefix("net."): tensor for name, tensor in self.state_dict().items()}
        return {name: tensor.half() if tensor.ndim > 1 else tensor for name, tensor in state.items()}

    def read(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Crops (B, 1, 48, 48), grey levels 0..255, to embeddings (B, dim) and scores (B, 7)."""
        embeddings = self.net.embed(crops)
        scores: Tensor = self.net.head(embeddings)
        if self.second and self.familiarity:
            opinion = self.pooling.opinion(self.second, crops)
            scores = self.pooling(scores, opinion, self.familiarity(embeddings.float()), self.log_prior)
        return embeddings, scores

    def forward(self, crops: Tensor) -> Tensor:
        """Crops (B, 1, 48, 48), grey levels 0..255, to scores (B, 7) in the order of EMOTIONS."""
        return self.read(crops)[1]


def own_tensors(weights: ShippedWeights) -> dict[str, Tensor]:
    """The state of the expression network among shipped tensors."""
    return {name: tensor for name, tensor in weights.tensors.items() if not name.startswith(BESIDE)}


class Expression:
    """Reads crops with trained weights.

    Args:
        weights: what `train face` wrote.
        device: where the network runs.

    Raises:
        UsageError: the weights are of another kind of network or for other classes.
    """

    def __init__(self, weights: ShippedWeights, device: torch.device) -> None:
        described = weights.metadata
        weighed = Weighed.of(weights)
        _fold(weighed.net)
        self._networks = weighed.to(device)
        # A sixth quicker on a processor.
        weighed.net.to(memory_format=torch.channels_last)
        self._temperature = float(described["temperature"])
        self._device = device
        self.name, self.sha256 = weights.name, weights.sha256
        self.pooling = weighed.pooling
        """How the two networks' opinions become one; not in the hash where the weights do not say it."""
        self.embedding_dim: int = described["widths"][-1]
        self.prior: FloatArray = np.array(described["prior"], np.float32)
        """Shape (7,), the class distribution under which the probabilities are calibrated."""

    @torch.inference_mode()
    def __call__(self, crops: Sequence[ImageArray]) -> Readings:
        """Read grey crops of shape (48, 48), at least one."""
        batch = torch.from_numpy(np.stack(crops)[:, None].astype(np.float32)).to(self._device)
        embeddings, scores = self._networks.read(batch)
        emotions = (scores / self._temperature).softmax(dim=1).cpu().numpy()
        return Readings(embeddings.float().cpu().numpy(), emotions, polarity_of(emotions))


def _fold(net: ExpressionNet) -> None:
    """Work every batch normalisation into its convolution: the same function in a third fewer steps."""
    for module in net.modules():
        if isinstance(module, Convolution):
            convolution, normalisation = cast(nn.Conv2d, module[0]), cast(nn.BatchNorm2d, module[1])
            module[0] = nn.utils.fusion.fuse_conv_bn_eval(convolution, normalisation)
            module[1] = nn.Identity()
