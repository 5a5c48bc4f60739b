"""One evaluation as a whole: what was measured on what, the figures, and what to know of them."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from live_sentiment import __version__
from live_sentiment.training.evaluation.ablation import SubsetFigures
from live_sentiment.training.evaluation.figures import TaskFigures
from live_sentiment.training.evaluation.groups import GroupFigures

LIBRARIES = ("torch", "transformers", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `live-sentiment evaluate` found."""

    model: str
    """A run, or a shipped part."""
    data: str
    """Corpus, split and licence, for people."""
    facts: Mapping[str, str]
    """What else decides the figures, by name: hashes, seeds, settings."""
    tasks: Sequence[TaskFigures]
    ablation: Sequence[SubsetFigures] = ()
    """Empty where there is one modality only."""
    notes: Sequence[str] = ()
    """What a reader must know: what was left out, what is synthetic."""
    groups: Sequence[GroupFigures] = ()
    """Empty where the corpora tell no groups apart."""

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "model": self.model,
            "data": self.data,
            "facts": dict(self.facts),
            "notes": list(self.notes),
            "tasks": {one.task: one.as_dict() for one in self.tasks},
            "ablation": [one.as_dict() for one in self.ablation],
            "groups": [one.as_dict() for one in self.groups],
        }


def circumstances() -> dict[str, str]:
    """When, where and with what: date (UTC), machine, versions."""
    versions = {name: _version(name) for name in LIBRARIES}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}",
        "versions": ", ".join(
            [f"live-sentiment {__version__}", f"Python {platform.python_version()}"]
            + [f"{name} {version}" for name, version in versions.items() if version]
        ),
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """Name of the processor where the system tells it, and how many of its cores this process may use."""
    import psutil

    name = platform.processor()
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else 0
    return f"{name or 'processor not named'}, {cores or psutil.cpu_count()} cores"
