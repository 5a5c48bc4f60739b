"""Trains the low-rank changes of a text encoder and its head: on all corpora, then near their use.

Every stage keeps where it stands, so that an interrupted run goes on to the same numbers.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from live_sentiment.errors import RunError
from live_sentiment.perception.text.adapter import Adapter
from live_sentiment.perception.text.encoder import TextEncoder
from live_sentiment.training.text_batches import Batch, Source, batch_count, draw_batches
from live_sentiment.training.text_corpora import Corpora
from live_sentiment.training.text_lora import TextNetwork

CHECKPOINT_STEPS = 100
"""Steps between two savings: a minute or two of one core."""

Told = Callable[[str, int, int, float], None]
"""Told of every step: what runs, steps done, steps in all, mean loss of late."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is drawn from the corpora, how often, and at which pace."""

    epochs: int
    descent_epochs: int
    """Epochs over which the learning rate would fall to nothing; a stage may end before."""
    learning_rate: float
    """At its height, of the low-rank changes."""
    emotion_share: float
    """Part of another corpus with emotions that an epoch draws; all of the reference corpus is taken."""
    polarity_share: float
    """Part of another corpus with polarity alone."""
    other_weight: float
    """Of a text outside the reference corpus in the loss."""
    averaging: float
    """Share of the moving average that a step keeps."""
    context_share: float = 0.6
    """How often a text of a dialogue is read with what was said before it: it must do without, too."""
    upper_only: bool = False
    """Change the upper half of the layers only: a third less time, since errors go no further back."""


BROAD = Stage(1, 2, 8e-4, emotion_share=1.0, polarity_share=0.25, other_weight=1.0, averaging=0.995)
NEAR = Stage(
    2,
    3,
    5e-4,
    emotion_share=0.12,
    polarity_share=0.02,
    other_weight=0.7,
    averaging=0.99,
    context_share=0.2,
    upper_only=True,
)


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How encoder and head are trained together."""

    rank: int = 32
    """Of the low-rank changes."""
    scale: float = 2.0
    """Their factor."""
    inner_size: int = 256
    """Of the head."""
    dropout: float = 0.3
    """Of the head."""
    batch: int = 64
    head_pace: float = 3.0
    """Learning rate of the head, as a multiple: it begins at nothing."""
    weight_decay: float = 0.05
    broad: Stage = BROAD
    """On all corpora alike."""
    near: Stage = NEAR
    """On the reference corpus, with enough of the others that they are not forgotten."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What one seed learnt."""

    adapter: Adapter
    head: Mapping[str, Tensor]
    """State of the `TextHead`."""


class Tuning:
    """Trains one encoder on some corpora, keeping its state in a folder.

    Args:
        corpora: all of them.
        reference: the name of the one most like the use.
        encoder: the plain encoder.
        settings: how.
        work: folder of checkpoints.
        told: called after every step.
        bfloat16: multiply the encoder's weights in half precision.
    """

    def __init__(
        self,
        corpora: Corpora,
        reference: str,
        encoder: TextEncoder,
        settings: TuneSettings,
        work: Path,
        *,
        told: Told,
        bfloat16: bool,
    ) -> None:
        self._corpora = corpora
        self._reference = reference
        self._encoder = encoder
        self._settings = settings
        self._told = told
        self._bfloat16 = bfloat16
        work.mkdir(parents=True, exist_ok=True)
        self._work = work

    def train(self, seed: int, first_seed: int) -> Tuned:
        """Train one seed: the broad stage is that of `first_seed`, done once, the near one its own."""
        network = self._stage(f"broad, seed {first_seed}", self._settings.broad, None)
        learnt = {name: one.detach().clone() for name, one in network.learnt().items()}
        network = self._stage(f"near, seed {seed}", self._settings.near, learnt)
        return Tuned(
            network.adapter(), {name: one.clone() for name, one in network.head.state_dict().items()}
        )

    def _stage(self, name: str, stage: Stage, start: Mapping[str, Tensor] | None) -> TextNetwork:
        """Run a stage, or what is left of it; the network then holds its moving average."""
        settings = self._settings
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])
        torch.manual_seed(seed)
        network = TextNetwork(
            self._encoder.folder,
            settings.rank,
            settings.scale,
            settings.inner_size,
            settings.dropout,
            bfloat16=self._bfloat16,
        )
        if start is not None:
            _fill(network.learnt(), start)
        if stage.upper_only:
            network.keep_lower_half()
        learnt = network.learnt()
        key = self._fingerprint(with_near=start is not None)
        file = self._work / f"{key}-{name.replace(', seed ', '-')}.pt"
        sources = self._sources(stage)
        per_epoch = batch_count(sources, settings.batch)
        total = stage.epochs * per_epoch
        run = _Run(network, stage, settings, stage.descent_epochs * per_epoch)
        run.restore(file)
        network.head.train()
        while run.step < total:
            epoch = run.step // per_epoch
            batches = draw_batches(
                sources, self._encoder, settings.batch, stage.context_share, f"{name}, epoch {epoch}"
            )
            for number, batch in enumerate(batches, start=epoch * per_epoch):
                if number < run.step:
                    continue
                run.learn(batch)
                self._told(name, run.step, total, run.loss)
                if run.step % CHECKPOINT_STEPS == 0 or run.step == total:
                    run.save(file)
        _fill(learnt, run.average)
        network.head.eval()
        return network

    def _sources(self, stage: Stage) -> list[Source]:
        sources = []
        for name, splits in self._corpora.items():
            if "train" not in splits:
                continue
            texts = splits["train"]
            if name == self._reference:
                sources.append(Source(texts, 1.0, 1.0))
            else:
                share = stage.polarity_share if texts.emotions is None else stage.emotion_share
                sources.append(Source(texts, share, stage.other_weight))
        return sources

    def _fingerprint(self, *, with_near: bool) -> str:
        """Of what decides the numbers: checkpoints of anything else are not gone on from."""
        settings = asdict(self._settings)
        if not with_near:
            del settings["near"]
        texts = hashlib.sha256()
        for name, splits in self._corpora.items():
            texts.update(json.dumps([name, splits["train"].texts if "train" in splits else ()]).encode())
        parts = [
            self._encoder.sha256,
            self._reference,
            settings,
            self._bfloat16,
            texts.hexdigest(),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def average(tuned: Sequence[Tuned]) -> Tuned:
    """The mean of several seeds that went on from one broad stage.

    M. Wortsman et al. 2022, "Model soups". The factors are averaged, which their common beginning allows.
    """

    def mean(parts: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        return {
            name: torch.stack([part[name].float() for part in parts]).mean(dim=0).to(one.dtype)
            for name, one in parts[0].items()
        }

    adapters = [one.adapter for one in tuned]
    return Tuned(
        Adapter(mean([one.down for one in adapters]), mean([one.up for one in adapters]), adapters[0].scale),
        mean([one.head for one in tuned]),
    )


class _Run:
    """Optimiser, moving average and step of a stage."""

    def __init__(self, network: TextNetwork, stage: Stage, settings: TuneSettings, descent: int) -> None:
        self._network = network
        self._learnt = network.learnt()
        changes = [one for name, one in self._learnt.items() if not name.startswith("head.")]
        head = [one for name, one in self._learnt.items() if name.startswith("head.")]
        self._optimiser = torch.optim.AdamW(
            [{"params": changes}, {"params": head, "lr": stage.learning_rate * settings.head_pace}],
            lr=stage.learning_rate,
            weight_decay=settings.weight_decay,
        )
        warm = max(descent // 16, 1)

        def height(step: int) -> float:
            """A short rise, then half a cosine."""
            if step < warm:
                return (step + 1) / warm
            return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(descent - warm, 1)))

        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, height)
        self._averaging = stage.averaging
        self.average = {name: one.detach().clone() for name, one in self._learnt.items()}
        self.step = 0
        self.loss = float("nan")

    def learn(self, batch: Batch) -> None:
        """One step.

        Raises:
            RunError: the loss is no number.
        """
        emotions, polarity = self._network(batch.ids, batch.mask, batch.read)
        loss = _loss(emotions + batch.emotion_log_prior, batch.emotions, batch.emotion_weight) + _loss(
            polarity + batch.polarity_log_prior, batch.polarity, batch.polarity_weight
        )
        if not torch.isfinite(loss):
            raise RunError(f"the loss is {loss.item()} at step {self.step}; a lower learning rate may help")
        self._optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self._learnt.values(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        self.step += 1
        self.loss = loss.item() if self.step == 1 else 0.98 * self.loss + 0.02 * loss.item()
        # The average of few steps is no average: it begins with what there is.
        keep = min(self._averaging, self.step / (self.step + 10))
        for name, one in self._learnt.items():
            self.average[name].lerp_(one.detach(), 1 - keep)

    def save(self, file: Path) -> None:
        """Keep all of it in `file`."""
        partial = file.with_suffix(".partial")
        state = {
            "learnt": {name: one.detach() for name, one in self._learnt.items()},
            "average": self.average,
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "random": torch.get_rng_state(),
            "step": self.step,
            "loss": self.loss,
        }
        torch.save(state, partial)
        partial.replace(file)

    def restore(self, file: Path) -> None:
        """Take up what `file` keeps; nothing where there is none."""
        if not file.is_file():
            return
        state = torch.load(file, weights_only=True)
        _fill(self._learnt, state["learnt"])
        self.average = state["average"]
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        self.step, self.loss = state["step"], state["loss"]


def _fill(parameters: Mapping[str, torch.nn.Parameter], values: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for name, one in parameters.items():
            one.copy_(values[name])


def _loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Mean cross-entropy over the texts of a batch, each with its weight."""
    return -(weights * (labels * torch.log_softmax(logits, dim=1)).sum(dim=1)).mean()
