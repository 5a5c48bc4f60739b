"""`live-sentiment evaluate timeline`: sessions of known course in, figures of the published timeline out."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.progress import Progress

from live_sentiment.core.config import Config
from live_sentiment.core.errors import UsageError
from live_sentiment.models.fusion import Fusion
from live_sentiment.models.store.store import ModelStore
from live_sentiment.runtime.stages import load_stages
from live_sentiment.training.data.voice_corpora import read_corpora
from live_sentiment.training.evaluation.intervals import RESAMPLES, Estimate
from live_sentiment.training.evaluation.timeline_figures import measure, recalls, reliability, tally
from live_sentiment.training.evaluation.timeline_playing import (
    PRINTED,
    STAGES,
    Played,
    again,
    answers,
    replayed,
)
from live_sentiment.training.evaluation.timeline_sessions import Kind, held_out, plans
from live_sentiment.training.evaluation.timeline_voices import without

ALL = "all"
SHIPPED_VOICE = (
    "Read with the shipped voice head, which has heard every speaker of RAVDESS, EmoDB and nEMO: these "
    "figures are too good, and good for comparing settings only."
)


@dataclass(frozen=True, slots=True)
class TimelineTask:
    """What is asked for."""

    data: Path
    split: Literal["development", "test"] = "development"
    kinds: Sequence[Kind] = ("sustained", "changes", "neutral", "clips")
    limit: int | None = None
    """Sessions of a kind."""
    seed: int = 0
    cache: Path = Path("cache")
    strangers: bool = True
    """Whether the voice is read by a head that has not heard the speakers."""
    variants: Mapping[str, Config] = field(default_factory=dict)
    """Other fusion and timeline settings, by name, measured on the same perception."""


@dataclass(frozen=True, slots=True)
class Row:
    """One stage, or the printed emotion of one corpus, on the sessions of a kind."""

    variant: str
    kind: Kind
    corpus: str
    """ALL for all of them together."""
    stage: str
    sessions: int
    estimates: Mapping[str, Estimate]
    recalls: Mapping[str, float]
    """By emotion."""
    reliability: Sequence[Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class TimelineEvaluation:
    """All figures with what they were measured on."""

    facts: Mapping[str, Any]
    notes: Sequence[str]
    rows: Sequence[Row]

    def as_dict(self) -> dict[str, Any]:
        """As plain data: what is unknown is None."""
        return {
            "facts": dict(self.facts),
            "notes": list(self.notes),
            "rows": [
                {
                    "variant": row.variant,
                    "kind": row.kind,
                    "corpus": row.corpus,
                    "stage": row.stage,
                    "sessions": row.sessions,
                    "figures": {
                        name: [_plain(one) for one in (estimate.value, estimate.low, estimate.high)]
                        for name, estimate in row.estimates.items()
                    },
                    "recalls": {name: _plain(value) for name, value in row.recalls.items()},
                    "reliability": [
                        {name: _plain(value) for name, value in one.items()} for one in row.reliability
                    ],
                }
                for row in self.rows
            ],
        }


def evaluate_timeline(
    task: TimelineTask, config: Config, store: ModelStore, progress: Progress
) -> TimelineEvaluation:
    """Play the sessions and measure them.

    Raises:
        UsageError: no corpora, none of the kinds in them, or weights that do not fit.
        RunError: a model could not be fetched, or a session failed.
    """
    clips = read_corpora(task.data)
    speakers = held_out(clips, task.split)
    planned = plans(clips, speakers, task.kinds, task.limit, task.seed)
    if not planned:
        raise UsageError(f"the speakers of {task.data} have too few clips for any session of these kinds")
    strange = (
        without(speakers, clips, config, store, cache=task.cache, progress=progress)
        if task.strangers
        else config
    )
    stages = load_stages(strange, store)
    bar = progress.add_task("sessions", total=len(planned))
    sessions = []
    with tempfile.TemporaryDirectory() as folder:
        for plan in planned:
            sessions.append(replayed(plan, strange, stages, Path(folder), task.seed))
            progress.advance(bar)
    rows = _rows("", sessions, stages.fusion, task)
    for name, other in task.variants.items():
        fusing = other.fusion
        if fusing.weights == config.fusion.weights:
            fusing = fusing.model_copy(update={"weights": strange.fusion.weights})
        fusion = Fusion((stages.text.expert, stages.voice.expert, stages.face.expert), fusing, stages.device)
        rows += _rows(name, [again(one, fusion, other) for one in sessions], fusion, task)
    minutes = sum(one.course.length_s for one in sessions) / 60
    facts = {
        "split": task.split,
        "speakers": sorted(speakers),
        "sessions": len(sessions),
        "minutes": round(minutes, 1),
        "seed": task.seed,
        "models": dict(stages.models),
    }
    return TimelineEvaluation(facts, () if task.strangers else (SHIPPED_VOICE,), rows)


def _rows(variant: str, sessions: Sequence[Played], fusion: Fusion, task: TimelineTask) -> list[Row]:
    """Every stage on every kind, and the printed emotion on each corpus."""
    said = [answers(one, fusion) for one in sessions]
    corpora = sorted({one.plan.corpus for one in sessions})
    cells = [(kind, ALL, stage) for kind in task.kinds for stage in STAGES]
    cells += [(kind, corpus, PRINTED) for kind in task.kinds for corpus in corpora if len(corpora) > 1]
    rows = []
    for kind, corpus, stage in cells:
        chosen = [
            number
            for number, one in enumerate(sessions)
            if one.plan.kind == kind and corpus in (ALL, one.plan.corpus)
        ]
        if not chosen:
            continue
        tallies = [tally(sessions[number], said[number][stage]) for number in chosen]
        groups = [sessions[number].plan.speaker for number in chosen]
        rows.append(
            Row(
                variant,
                kind,
                corpus,
                stage,
                len(chosen),
                measure(tallies, groups, task.seed, RESAMPLES),
                recalls(tallies),
                reliability(tallies),
            )
        )
    return rows


def _plain(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
