"""Trains the low-rank changes of a text encoder and its head: on all corpora, then near their use.

Every stage keeps where it stands, so that an interrupted run goes on to the same numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from live_sentiment.models.text_adapter import Adapter
from live_sentiment.models.text_encoder import TextEncoder
from live_sentiment.training.data.text_batches import Source, batch_count, draw_batches
from live_sentiment.training.data.text_corpora import Corpora
from live_sentiment.training.tasks.text_lora import TextNetwork
from live_sentiment.training.tasks.text_recipe import Stage, TuneSettings
from live_sentiment.training.tasks.text_steps import StageRun, fill

CHECKPOINT_STEPS = 100
"""Steps between two savings: a minute or two of one core."""

Told = Callable[[str, int, int, float], None]
"""Told of every step: what runs, steps done, steps in all, mean loss of late."""


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
            fill(network.learnt(), start)
        learnt = network.learnt()
        key = self._fingerprint(with_near=start is not None)
        file = self._work / f"{key}-{name.replace(', seed ', '-')}.pt"
        sources = self._sources(stage)
        per_epoch = batch_count(sources, settings.batch)
        total = stage.epochs * per_epoch
        run = StageRun(network, stage, settings, stage.descent_epochs * per_epoch)
        run.restore(file)
        network.head.train()
        while run.step < total:
            epoch = run.step // per_epoch
            batches = draw_batches(
                sources,
                self._encoder,
                settings.batch,
                context_share=stage.context_share,
                form_shares=stage.form_shares,
                key=f"{name}, epoch {epoch}",
            )
            for number, batch in enumerate(batches, start=epoch * per_epoch):
                if number < run.step:
                    continue
                run.learn(batch)
                self._told(name, run.step, total, run.loss)
                if run.step % CHECKPOINT_STEPS == 0 or run.step == total:
                    run.save(file)
        fill(learnt, run.average)
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
