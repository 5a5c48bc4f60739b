"""Training the expression network: soft labels, balanced sampling, cameras imitated, weights averaged.

The recipe: every epoch draws as many pictures as there are, a class's share being the square root of its
frequency; the loss is the cross-entropy with the annotators' distribution, to which a second head adds the
one with a teacher's opinion, if there is a teacher; from chance, the first epochs run at low resolution,
which costs less than half and teaches the network faces that are far away; the weights shipped are the
exponential moving average of those trained, at the epoch that validates best.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from live_sentiment.core.types import EMOTIONS, FloatArray
from live_sentiment.models.face_expression import ExpressionNet
from live_sentiment.training.augment.face_augment import augment, warp
from live_sentiment.training.data.face_data import FacePictures
from live_sentiment.training.evaluation import metrics
from live_sentiment.training.loop import Descent

BATCH_AT_TEST = 512


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a training run, besides the data."""

    epochs: int = 10
    seed: int = 1
    batch: int = 128
    learning_rate: float = 0.08
    """Peak of the cosine schedule of SGD with Nesterov momentum 0.9."""
    warmup_epochs: float = 0.5
    weight_decay: float = 5e-4
    balance: float = 0.5
    """Classes are drawn with frequency ** (1 - balance): 0 as they come, 1 all alike."""
    averaging: float = 0.998
    """Decay per step of the moving average of the weights."""
    low_resolution_share: float = 0.5
    """Share of the epochs that run at low resolution ..."""
    low_resolution_px: int = 32
    """... and its size."""
    teacher_weight: float = 0.5
    """Weight of the loss of the teacher's head beside the one of the annotators' votes."""

    @classmethod
    def going_on(cls, epochs: int, seed: int) -> Recipe:
        """For weights that were trained before: a lower rate, and full resolution from the first epoch on."""
        return cls(epochs=epochs, seed=seed, learning_rate=0.05, warmup_epochs=0.3, low_resolution_share=0.0)


@dataclass(frozen=True, slots=True)
class Faces:
    """Pictures ready for the network."""

    images: Tensor
    """Shape (N, 48, 48), uint8."""
    to_source: Tensor
    """Shape (N, 2, 3), float32: from pixels of the aligned crop to pixels of the picture."""
    soft_labels: Tensor
    """Shape (N, 7), float32."""
    labels: Tensor
    """Shape (N,), int64."""
    opinions: Tensor | None = None
    """Shape (N, 7), float32: what a teacher says of them, if there is one."""

    @classmethod
    def of(
        cls, pictures: FacePictures, to_source: NDArray[np.float32], opinions: FloatArray | None = None
    ) -> Faces:
        """Pictures with their alignments and the opinions of a teacher."""
        return cls(
            torch.from_numpy(pictures.images),
            torch.from_numpy(to_source),
            torch.from_numpy(pictures.soft_labels),
            torch.from_numpy(pictures.labels),
            None if opinions is None else torch.from_numpy(opinions),
        )

    def __len__(self) -> int:
        return len(self.images)

    def select(self, chosen: Tensor) -> Faces:
        """The faces where `chosen`, shape (N,), is true."""
        return Faces(
            self.images[chosen],
            self.to_source[chosen],
            self.soft_labels[chosen],
            self.labels[chosen],
            None if self.opinions is None else self.opinions[chosen],
        )

    def crops(self, *, aligned: bool = True) -> Tensor:
        """The pictures as the network meets them, (N, 1, 48, 48) grey levels in float32."""
        maps = self.to_source if aligned else torch.eye(2, 3).expand_as(self.to_source)
        chunks = zip(torch.split(self.images, BATCH_AT_TEST), torch.split(maps, BATCH_AT_TEST), strict=True)
        return torch.cat([warp(images[:, None].float(), part).round() for images, part in chunks])


def drawn_distribution(soft_labels: Tensor, balance: float) -> FloatArray:
    """The class distribution (7,) of pictures drawn with `draw_weights`."""
    weights = draw_weights(soft_labels, balance)
    drawn: FloatArray = (weights / weights.sum() @ soft_labels).numpy()
    return drawn


def draw_weights(soft_labels: Tensor, balance: float) -> Tensor:
    """How often to draw each picture, (N,), so that classes come with frequency ** (1 - balance)."""
    # A class without any picture has nothing to be drawn.
    frequency = soft_labels.mean(dim=0).clamp(min=torch.finfo(torch.float32).tiny)
    return soft_labels @ frequency.pow(-balance)


@torch.inference_mode()
def scores(model: nn.Module, crops: Tensor, *, bfloat16: bool = False) -> NDArray[np.float32]:
    """Class scores (N, 7) in float32."""
    model.eval()
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        found = torch.cat([model(part) for part in torch.split(crops, BATCH_AT_TEST)])
    return found.float().numpy()


@torch.inference_mode()
def embeddings(net: ExpressionNet, crops: Tensor, *, bfloat16: bool = False) -> Tensor:
    """Embeddings (N, dim) of crops (N, 1, 48, 48), float32."""
    net.eval()
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        return torch.cat([net.embed(part) for part in torch.split(crops, BATCH_AT_TEST)]).float()


class Taught(nn.Module):
    """The network with a second head on the same embedding, which learns what the teacher says.

    The teacher so shapes what the network sees without correcting the annotators.
    """

    def __init__(self, net: ExpressionNet) -> None:
        super().__init__()
        self.net = net
        self.second = nn.Linear(net.head.in_features, net.head.out_features)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Crops (B, 1, H, W) to the scores (B, 7) of the network's own head and of the teacher's."""
        embeddings = self.net.dropout(self.net.embed(crops))
        return self.net.head(embeddings), self.second(embeddings)


def started_from(net: ExpressionNet, tensors: Mapping[str, Tensor]) -> ExpressionNet:
    """The network with these weights; what they lack changes nothing at first.

    Residual pairs that a shallower network has not begin as the identity: the scale of their last
    normalisation is 0 (Goyal et al. 2017).

    Raises:
        ValueError: they hold tensors that the network has not, or of other shapes.
    """
    state = net.state_dict()
    strange = [
        name for name, value in tensors.items() if name not in state or state[name].shape != value.shape
    ]
    if strange:
        raise ValueError(f"weights of another network: {', '.join(strange[:3])}")
    for name in state.keys() - tensors.keys():
        if name.endswith("second.1.weight"):
            state[name].zero_()
    net.load_state_dict({**state, **tensors})
    return net


class Trainer:
    """One training run, epoch by epoch; its state can be stored and taken up again.

    Args:
        faces: the training pictures.
        recipe: what to do.
        start: weights to go on from; None starts from chance.
        bfloat16: compute in bfloat16 where that is safe; several times faster on CPUs with the instructions.
    """

    def __init__(
        self, faces: Faces, recipe: Recipe, start: Mapping[str, Tensor] | None = None, *, bfloat16: bool
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.epoch, self._faces, self._bfloat16 = recipe, 0, faces, bfloat16
        self._random = torch.Generator().manual_seed(recipe.seed)
        self._weights = draw_weights(faces.soft_labels, recipe.balance)
        net = started_from(ExpressionNet(), start) if start is not None else ExpressionNet()
        self.model = Taught(net).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model)
        self._steps_per_epoch = math.ceil(len(faces) / recipe.batch)
        decayed: list[Tensor] = [p for p in self.model.parameters() if p.ndim > 1]
        plain: list[Tensor] = [p for p in self.model.parameters() if p.ndim == 1]
        groups: list[dict[str, Any]] = [
            {"params": decayed, "weight_decay": recipe.weight_decay},
            {"params": plain},
        ]
        optimiser = torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=0.9, nesterov=True)
        self._descend = Descent(optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, self._rate))

    def run_epoch(self, on_step: Callable[[int, int, float], None] = lambda step, steps, loss: None) -> float:
        """Train one epoch and return its mean loss; `on_step` is told step, steps and loss as it goes."""
        self.model.train()
        order = torch.multinomial(self._weights, len(self._faces), replacement=True, generator=self._random)
        low = self.epoch < self.recipe.low_resolution_share * self.recipe.epochs
        total = 0.0
        for step, rows in enumerate(torch.split(order, self.recipe.batch), start=1):
            crops = augment(self._faces.images[rows], self._faces.to_source[rows], self._random)
            if low:
                crops = F.interpolate(crops, size=(self.recipe.low_resolution_px,) * 2, mode="area")
            with torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
                voted, taught = self.model(crops)
            loss = F.cross_entropy(voted.float(), self._faces.soft_labels[rows])
            if self._faces.opinions is not None:
                teaching = F.cross_entropy(taught.float(), self._faces.opinions[rows])
                loss = loss + self.recipe.teacher_weight * teaching
            self._descend(loss)
            self._average()
            total += loss.item()
            on_step(step, self._steps_per_epoch, total / step)
        self.epoch += 1
        return total / self._steps_per_epoch

    def validate(self, crops: Tensor, labels: Tensor) -> NDArray[np.int64]:
        """Confusion matrix of the averaged weights, row the true class, in the precision of the training."""
        found = scores(self.average.net, crops, bfloat16=self._bfloat16).argmax(axis=1)
        return metrics.confusion_matrix(labels.numpy(), found, len(EMOTIONS))

    def state(self) -> dict[str, Any]:
        """All that `restore` needs to go on as if nothing had happened."""
        return {
            "recipe": asdict(self.recipe),
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self._descend.optimiser.state_dict(),
            "schedule": self._descend.rate.state_dict(),
            "random": self._random.get_state(),
            "torch_random": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a stored state.

        Raises:
            ValueError: it belongs to another recipe.
        """
        if state["recipe"] != asdict(self.recipe):
            raise ValueError("the checkpoint was made with other settings")
        self.epoch = state["epoch"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self._descend.optimiser.load_state_dict(state["optimizer"])
        self._descend.rate.load_state_dict(state["schedule"])
        self._random.set_state(state["random"])
        torch.set_rng_state(state["torch_random"])

    def _rate(self, step: int) -> float:
        warmup = self.recipe.warmup_epochs * self._steps_per_epoch
        if step < warmup:
            return (step + 1) / (warmup + 1)
        done = (step - warmup) / max(self.recipe.epochs * self._steps_per_epoch - warmup, 1)
        return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

    @torch.no_grad()
    def _average(self) -> None:
        # Early on the average must forget faster, or it would remember the untrained network.
        step = self._descend.rate.last_epoch
        keep = min(self.recipe.averaging, step / (step + 10))
        for mean, now in zip(
            self.average.state_dict().values(), self.model.state_dict().values(), strict=True
        ):
            if mean.dtype.is_floating_point:
                mean.lerp_(now.to(mean.dtype), 1 - keep)
            else:
                mean.copy_(now)


def validation_score(confusion: NDArray[np.int64]) -> float:
    """What validation picks by: accuracy and mean recall in equal parts, so that rare emotions count."""
    return (metrics.accuracy(confusion) + metrics.mean_recall(confusion)) / 2
