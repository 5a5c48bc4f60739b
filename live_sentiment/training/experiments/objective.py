"""What is made small: the losses of the fuser's heads, of the experts and of the core, each with a weight."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from live_sentiment.training.experiments.batch import Mixing, Targets
from live_sentiment.training.experiments.config import LossConfig
from live_sentiment.training.experiments.model import ExperimentOutput
from live_sentiment.training.tasks import losses


class Objective:
    """The losses of a configuration.

    Args:
        config: which, and their weights.
        heads: of the fuser.
        targets: of the training samples, whose classes are balanced if so asked.
        device: where the losses are computed.
    """

    def __init__(
        self, config: LossConfig, heads: tuple[str, ...], targets: Targets, device: torch.device
    ) -> None:
        self._config, self._heads = config, heads
        self._class_weights: Mapping[str, Tensor | None] = {"emotions": None, "polarity": None}
        if config.classes.startswith("class-balanced"):
            prepared = self.targets(targets)
            self._class_weights = {
                "emotions": losses.balanced_weights(prepared.emotions).to(device),
                "polarity": losses.balanced_weights(prepared.polarity).to(device),
            }

    def targets(self, targets: Targets, mixing: Mixing | None = None) -> Targets:
        """What is learnt of these labels: the leading class or the votes, mixed or not."""
        if not self._config.soft_labels:
            targets = Targets(
                hard(targets.emotions), hard(targets.polarity), targets.valence_arousal, targets.score
            )
        return targets if mixing is None else targets.mixed(mixing)

    def __call__(self, said: ExperimentOutput, targets: Targets) -> dict[str, Tensor]:
        """Every loss that has a weight, times it, by name: scalars that add up to what is made small."""
        weights = self._config.weights
        found = {name: getattr(weights, name) * loss for name, loss in self._of_heads(said, targets).items()}
        if weights.experts and said.experts:
            found["experts"] = weights.experts * self._of_experts(said, targets)
        if weights.auxiliary and said.auxiliary is not None:
            found["auxiliary"] = weights.auxiliary * said.auxiliary
        return found

    def of_heads(self, said: ExperimentOutput, targets: Targets) -> float:
        """The weighted losses of the fuser's heads alone: what epochs are compared by."""
        weights = self._config.weights
        found = self._of_heads(said, self.targets(targets))
        return float(sum(getattr(weights, name) * loss for name, loss in found.items()))

    def _of_heads(self, said: ExperimentOutput, targets: Targets) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        if "emotions" in self._heads:
            found["emotions"] = self._of_classes("emotions", said.emotion_logits, targets.emotions)
        if "polarity" in self._heads:
            found["polarity"] = self._of_classes("polarity", said.polarity_logits, targets.polarity)
        if "valence_arousal" in self._heads:
            found["valence_arousal"] = self._of_numbers(said.valence_arousal, targets.valence_arousal)
        if said.score is not None:
            found["score"] = self._of_numbers(said.score[:, None], targets.score[:, None])
        return found

    def _of_experts(self, said: ExperimentOutput, targets: Targets) -> Tensor:
        """Mean over the modalities, each on the samples that have it."""
        found = [
            self._of_classes("emotions", one.emotions[one.present], targets.emotions[one.present])
            + self._of_classes("polarity", one.polarity[one.present], targets.polarity[one.present])
            for one in said.experts.values()
        ]
        return torch.stack(found).mean()

    def _of_classes(self, task: str, logits: Tensor, targets: Tensor) -> Tensor:
        config, weights = self._config, self._class_weights[task]
        logits = logits.float()
        if config.classes.endswith("focal"):
            return losses.focal(
                logits,
                targets,
                gamma=config.focal_gamma,
                class_weights=weights,
                smoothing=config.label_smoothing,
            )
        return losses.cross_entropy(logits, targets, class_weights=weights, smoothing=config.label_smoothing)

    def _of_numbers(self, said: Tensor, targets: Tensor) -> Tensor:
        loss = losses.ccc if self._config.continuous == "ccc" else losses.mse
        return loss(said.float(), targets)


def hard(distributions: Tensor) -> Tensor:
    """One-hot of the leading class, shape (B, C); NaN where several lead alike, or there is no label."""
    leading = distributions >= distributions.amax(dim=1, keepdim=True) - 1e-6
    single = leading.sum(dim=1) == 1
    one_hot = functional.one_hot(leading.float().argmax(dim=1), distributions.shape[1]).float()
    return one_hot.masked_fill(~single[:, None], torch.nan)
